import pg from 'pg';
import { afterEach, expect, inject, test } from 'vitest';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
afterEach(() => system.stop());

const open = async (extra: object = {}) => {
  const { status, body } = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 'billing',
    action: 'refund',
    payload: { amount: 10 },
    ...extra,
  });
  expect(status).toBe(201);
  return body as { id: string; payload_digest: string };
};
const { decide, detail, workflow } = approvalsOf(() => system);
const until = async (id: string, wanted: string) => {
  for (let i = 0; i < 200; i++) {
    const found = await detail(id);
    if (found.status === wanted) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${id} never became ${wanted}`);
};

test('without a running worker a decision is recorded, and takes effect when one starts', async () => {
  system = await createSystem();
  const { id, payload_digest } = await open();
  const answer = await decide(id, { type: 'approve', payload_digest });
  expect(answer).toMatchObject({ status: 202, body: { status: 'recorded' } });
  expect((await detail(id)).status).toBe('pending');
  await system.startWorker();
  const end = await until(id, 'approved');
  expect(end.decision).toMatchObject({ decision_id: answer.body.decision_id, decided_by: 'dev-approver' });
  expect((await decide(id, { type: 'approve', payload_digest })).status).toBe(200);
});

test('while Temporal is unavailable ingest and reads work, a decision is 503, and the reconciler starts acknowledged requests', async () => {
  system = await createSystem({ env: { TEMPORAL_ADDRESS: '127.0.0.1:9' } });
  const { id, payload_digest } = await open();
  expect(await detail(id)).toMatchObject({ status: 'pending' });
  const answer = await decide(id, { type: 'approve', payload_digest });
  expect(answer).toMatchObject({ status: 503, body: { code: 'temporal_unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('2');

  system.env['TEMPORAL_ADDRESS'] = inject('temporalAddress');
  await system.startWorker();
  await new Promise((resolve) => setTimeout(resolve, 10_500));
  await system.temporal.schedule.getHandle(`reconcile/${system.env['LETSPING_TASK_QUEUE']}`).trigger();
  for (let i = 0; i < 100; i++) {
    const started = await workflow(id)
      .describe()
      .catch(() => undefined);
    if (started) return expect(started.status.name).toBe('RUNNING');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the reconciler started nothing');
});

test('a worker killed while an approval waits loses nothing', async () => {
  system = await createSystem();
  const first = await system.startWorker();
  const { id, payload_digest } = await open();
  await first.kill();
  await system.startWorker();
  expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({
    status: 201,
    body: { outcome: { status: 'approved' } },
  });
});

for (const at of ['before-commit', 'after-commit'] as const) {
  test(`a worker that dies in settle (${at}): one outcome, and the waiting caller receives it`, async () => {
    system = await createSystem();
    const dying = await system.startCrashingWorker(at);
    const { id, payload_digest } = await open();
    const answering = decide(id, { type: 'approve', payload_digest });
    await dying.gone;
    expect((await detail(id)).status).toBe(at === 'after-commit' ? 'approved' : 'pending');
    await system.startWorker();
    const answer = await answering;
    expect([201, 202]).toContain(answer.status);
    const end = await until(id, 'approved');
    expect(end.decision).toMatchObject({
      decision_id: answer.body.decision_id,
      outcome: { status: 'approved', cause: 'person' },
    });
    const result = await workflow(id).result();
    expect(result).toMatchObject({ status: 'approved', decision_id: answer.body.decision_id });
    expect(await decide(id, { type: 'reject', reason: 'too late', payload_digest })).toMatchObject({ status: 409 });
  });
}

test('while the ledger cannot be written nothing is decided; afterwards it is', async () => {
  system = await createSystem();
  await system.startWorker();
  const { id, payload_digest } = await open();
  const owner = new pg.Client({ connectionString: system.database.owner_url });
  await owner.connect();
  await owner.query('revoke insert on ledger from letsping_app');
  const answer = await decide(id, { type: 'approve', payload_digest });
  expect(answer.status).toBe(202);
  expect((await detail(id)).status).toBe('pending');
  expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
  await owner.query('grant insert on ledger to letsping_app');
  await owner.end();
  expect((await until(id, 'approved')).decision.decision_id).toBe(answer.body.decision_id);
});
