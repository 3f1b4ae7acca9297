import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { registered } from '../../contracts/activities.ts';
import type { ApprovalView } from '../../contracts/workflow.ts';
import { temporalClient } from '../../runtime/temporal/client.ts';
import { workflowDirectory } from '../../runtime/temporal/workflow-directory.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { createWorker } from '../../workers/create-worker.ts';
import { JUNK, json, SIGNAL_NAMES, sendQuery, sendSignal, sendUpdate, startWith } from '../faults/junk.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { started } from '../helpers/started.ts';
import { createSystem, spawnWorker, type TestSystem, type WorkerProcess } from '../helpers/system.ts';

const FORMER_WORKER = fileURLToPath(new URL('../faults/former-worker.mjs', import.meta.url));
const CODEC = fileURLToPath(new URL('../faults/strict-codec.mjs', import.meta.url));

let system: TestSystem;
let trusting: TestSystem;
let worker: WorkerProcess;
beforeAll(async () => {
  [system, trusting] = await Promise.all([createSystem(), createSystem({ policy: { accept_unsigned_signals: true } })]);
  [worker] = await Promise.all([system.startWorker(), trusting.startWorker()]);
});
afterAll(() => Promise.all([system.stop(), trusting.stop()]));

const held = async (on = system, extra: object = {}) => {
  const { status, body } = await on.call(on.agent_api_key, 'POST', '/api/ingest', {
    service: 'billing',
    action: 'refund',
    payload: { amount: 10, to: 'a' },
    ...extra,
  });
  expect(status).toBe(201);
  await started(on.temporal, body.id);
  return body as { id: string; payload_digest: string };
};
const { decide, resolved, workflow } = approvalsOf(() => system);
const view = (id: string, on = system) =>
  approvalsOf(() => on)
    .workflow(id)
    .query<ApprovalView>('approval');
const eachJunk = (send: (name: string, kind: string) => Promise<unknown>) =>
  Promise.all(SIGNAL_NAMES.flatMap((name) => Object.keys(JUNK).map((kind) => send(name, kind))));
const junkTo = (id: string, on = system) =>
  eachJunk((name, kind) => sendSignal(on.temporal, `approval/${id}`, name, JUNK[kind]));

describe('messages that nobody can read', () => {
  test('Signals of every kind, under every name, keep nobody from deciding', async () => {
    for (const on of [system, trusting]) {
      const { id, payload_digest } = await held(on);
      await junkTo(id, on);
      expect(await view(id, on)).toMatchObject({ phase: 'pending', reads_signals: true });
      expect(await approvalsOf(() => on).decide(id, { type: 'approve', payload_digest })).toMatchObject({
        status: 201,
      });
    }
  });

  test('and keep no deadline from firing, whether they come before the first task or after it', async () => {
    const live = await held(system, { expires_in_ms: 4_000 });
    await junkTo(live.id);
    await worker.kill();
    const waiting = await held(system, { expires_in_ms: 4_000 });
    await junkTo(waiting.id);
    worker = await system.startWorker();
    for (const { id } of [live, waiting])
      expect(await resolved(id)).toMatchObject({ status: 'expired', outcome: { cause: 'deadline' } });
  });

  test('an Update of that kind is refused, a Query answered or refused, and the request stays open', async () => {
    const { id, payload_digest } = await held();
    for (const [kind, payloads] of Object.entries(JUNK)) {
      const failure = await sendUpdate(system.temporal, `approval/${id}`, 'decide', payloads);
      expect(failure?.applicationFailureInfo?.type, kind).toBe('malformed');
      expect(await sendUpdate(system.temporal, `approval/${id}`, 'no_such_update', payloads), kind).toBeTruthy();
      await sendQuery(system.temporal, `approval/${id}`, 'approval', payloads);
      await expect(sendQuery(system.temporal, `approval/${id}`, 'no_such_query', payloads), kind).rejects.toThrow();
    }
    expect(await view(id)).toMatchObject({ phase: 'pending', ignored_signals: 0 });
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({ status: 201 });
  });

  test('an approval that such a Signal has stopped continues, without a reset, when this release takes its queue', async () => {
    await worker.kill();
    const former = await spawnWorker(system.env, FORMER_WORKER);
    const [decidedLater, expiring] = await Promise.all([held(), held(system, { expires_in_ms: 5_000 })]);
    const failedTasks = async (id: string) =>
      ((await workflow(id).fetchHistory()).events ?? []).filter((event) => event.workflowTaskFailedEventAttributes);
    for (const { id } of [decidedLater, expiring]) {
      await sendSignal(system.temporal, `approval/${id}`, 'decide_recorded', JUNK['encrypted']);
      await expect.poll(() => failedTasks(id), { timeout: 20_000 }).not.toEqual([]);
    }
    const { payload_digest } = decidedLater;
    expect(await decide(decidedLater.id, { type: 'approve', payload_digest })).toMatchObject({ status: 202 });
    await former.kill();
    worker = await system.startWorker();
    expect(await resolved(decidedLater.id)).toMatchObject({ status: 'approved' });
    expect(await resolved(expiring.id)).toMatchObject({ status: 'expired' });
  });

  test('a workflow that is started with such an input ends at once, and says so', async () => {
    const taskQueue = system.env['LETSPING_TASK_QUEUE']!;
    for (const workflowType of ['approvalV1', 'deliveryV1', 'resumeThreadV1', 'reconcileV1'])
      for (const kind of ['encrypted', 'an external reference', 'bad JSON', 'bytes', 'a number', 'wrong types']) {
        const workflowId = `junk-${randomBytes(6).toString('hex')}`;
        await startWith(system.temporal, { workflowId, workflowType, taskQueue }, JUNK[kind]);
        await expect(
          system.temporal.workflow.getHandle(workflowId).result(),
          `${workflowType}, ${kind}`,
        ).rejects.toMatchObject({
          cause: { type: 'foreign', message: expect.stringMatching(/^the input is not of a/) },
        });
      }
  });

  test('a workflow with such a memo keeps the reconciler from reading no other', async () => {
    const request_id = `req_memo_${randomBytes(6).toString('hex')}`;
    const workflowId = `approval/${request_id}`;
    await startWith(
      system.temporal,
      { workflowId, workflowType: 'approvalV1', taskQueue: 'nobody' },
      JUNK['encrypted'],
    );
    const { client, connection } = temporalClient(system.env);
    const directory = workflowDirectory(client);
    const running = async () => {
      const found: string[] = [];
      await directory.eachRunning(async (ids) => void found.push(...ids));
      return found;
    };
    try {
      await expect.poll(running, { timeout: 20_000 }).toContain(request_id);
      expect(await directory.stateOf(request_id)).toBe('running');
    } finally {
      await system.temporal.workflow.getHandle(workflowId).terminate();
      await connection.close();
    }
  });

  test('an answer of an activity that is not ours, as a foreign worker gives it, is asked for again', async () => {
    const payload_digest = `sha256:${'0'.repeat(64)}`;
    const resolution = { status: 'expired', cause: 'deadline', payload_digest };
    const answers: unknown[] = [{ resolution }, { resolution, delivery_ids: [] }];
    const taskQueue = `settle-${randomBytes(6).toString('hex')}`;
    const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
    const own = await createWorker({
      connection,
      namespace: inject('temporalNamespace'),
      taskQueue,
      workflowBundle: await bundleWorkflows(),
      activities: registered({ admit: async () => 'hold' as const, settle: async () => answers.shift() as never }),
    });
    const input = {
      project_id: `prj_${'0'.repeat(26)}`,
      request_id: `req_${'0'.repeat(26)}`,
      payload_digest,
      requested_by: 'agent',
      expires_at_ms: Date.now(),
      accept_unsigned_signals: false,
    };
    const start = { taskQueue, workflowId: taskQueue, args: [input] };
    expect(await own.runUntil(system.temporal.workflow.execute('approvalV1', start))).toEqual(resolution);
    expect(answers).toEqual([]);
    await connection.close();
  });
});

describe('many Signals', () => {
  test('after a hundred no Signal is read, and people decide', async () => {
    const { id, payload_digest } = await held(trusting);
    const signal = (name: string, value: unknown) =>
      sendSignal(trusting.temporal, `approval/${id}`, name, [json(value)]);
    await Promise.all(Array.from({ length: 99 }, (_, at) => signal('decide', at)));
    expect(await view(id, trusting)).toMatchObject({ ignored_signals: 99, reads_signals: true });
    await signal('decide_recorded', 'x');
    expect(await view(id, trusting)).toMatchObject({ ignored_signals: 100, reads_signals: false });

    await signal('decide', { type: 'approve', actor: 'slack-bot', payload_digest });
    await signal('decide_recorded', { decision_id: 'dec_x', type: 'approve', actor: 'ceo', payload_digest });
    await signal('cancel_recorded', null);
    expect(await view(id, trusting)).toMatchObject({ phase: 'pending', ignored_signals: 100, refused_outcomes: 0 });
    expect(await approvalsOf(() => trusting).decide(id, { type: 'approve', payload_digest })).toMatchObject({
      status: 201,
    });
  });

  test('that come in one task, well formed and without a row, change nothing and do not stop the deadline', async () => {
    await worker.kill();
    const { id, payload_digest } = await held(system, { expires_in_ms: 6_000 });
    for (const name of ['decide_recorded', 'cancel_recorded', 'decide'])
      await Promise.all(
        Array.from({ length: 150 }, (_, at) =>
          sendSignal(system.temporal, `approval/${id}`, name, [
            json({ decision_id: `dec_${at}`, type: 'approve', actor: 'ceo', payload_digest }),
          ]),
        ),
      );
    worker = await system.startWorker();
    expect(await resolved(id)).toMatchObject({ status: 'expired' });
  });

  test('a Signal of a bot has no handler where the request does not accept it', async () => {
    const { id } = await held();
    await sendSignal(system.temporal, `approval/${id}`, 'decide', [json('x')]);
    expect(await view(id)).toMatchObject({ ignored_signals: 0 });
    const { id: open } = await held(trusting);
    await sendSignal(trusting.temporal, `approval/${open}`, 'decide', [json('x')]);
    expect(await view(open, trusting)).toMatchObject({ ignored_signals: 1 });
  });
});

describe("a team's payload codec that refuses what it did not encode", () => {
  let encoded: TestSystem;
  beforeAll(async () => {
    encoded = await createSystem({ env: { LETSPING_PAYLOAD_CODEC: CODEC } });
    await encoded.startWorker();
  });
  afterAll(() => encoded.stop());

  test('decisions, cancellations and deadlines work, beside junk, and every value in the history went through it', async () => {
    const [approved, cancelled, expiring] = await Promise.all([
      held(encoded),
      held(encoded),
      held(encoded, { expires_in_ms: 4_000 }),
    ]);
    await Promise.all([approved, cancelled, expiring].map(({ id }) => junkTo(id, encoded)));
    const of = approvalsOf(() => encoded);
    expect(await of.decide(approved.id, { type: 'approve', payload_digest: approved.payload_digest })).toMatchObject({
      status: 201,
    });
    expect(
      await encoded.call(encoded.agent_api_key, 'POST', `/api/approval-requests/${cancelled.id}/cancel`),
    ).toMatchObject({ status: 200, body: { outcome: { status: 'cancelled' } } });
    expect(await of.resolved(expiring.id)).toMatchObject({ status: 'expired' });

    const clean = await held(encoded);
    await of.decide(clean.id, { type: 'approve', payload_digest: clean.payload_digest });
    const values = JSON.stringify(await of.workflow(clean.id).fetchHistory()).matchAll(/"data":"([^"]+)"/g);
    const texts = [...values].map(([, data]) => Buffer.from(data!, 'base64').toString());
    expect(texts.length).toBeGreaterThan(5);
    // What is in clear is the SDK's own: the sequence and times of a local activity.
    expect(texts.filter((text) => /payload_digest|req_|dec_|person|dev-/.test(text))).toEqual([]);
  });
});
