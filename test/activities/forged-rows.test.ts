import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { ACTIVITY, type WorkerActivities } from '../../contracts/activities.ts';
import type { IncidentKind } from '../../domain/approval/incident.ts';
import { acrossProjects } from '../../storage/db/transaction.ts';
import { activityDeps } from '../helpers/activities.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** The attacker writes to the database and has no root key. One forged row must not stop the worker, nor be retried without end. */
let system: TestSystem;
let activities: WorkerActivities;
const alarms: IncidentKind[] = [];
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
  const registered = createActivities({
    ...(await activityDeps(system)),
    graceMs: 0,
    onIncident: (_ref, kind) => alarms.push(kind),
  });
  const names = Object.entries(ACTIVITY).map(([name, as]) => [name, registered[as as keyof typeof registered]]);
  activities = Object.fromEntries(names) as WorkerActivities;
});
afterAll(() => system.stop());
beforeEach(() => {
  alarms.length = 0;
});

const { decide, detail, workflow } = approvalsOf(() => system);
/** The login of the application, which may not change terms; `asOwner` may. */
const sql = (text: string, values: unknown[] = []) =>
  acrossProjects(system.database.pool, (tx) => tx.query<any>(text, values));
const ingest = async () =>
  (await system.call(system.agent_api_key, 'POST', '/api/ingest', { service: 's', action: 'a', payload: { n: 1 } }))
    .body as { id: string; payload_digest: string };
const refOf = (request_id: string) => ({ project_id: system.project_id, request_id });
const incidents = async (id: string) =>
  (await sql('select kind from incidents where request_id = $1 order by created_at', [id])).map(({ kind }) => kind);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const insertPolicy = () =>
  sql(
    `insert into policies (project_id, version, digest, document, created_by, created_at) values ($1, 1, 'sha256:0', $2, 'cfo', now())`,
    [system.project_id, JSON.stringify({ default_routing: 'observe' })],
  );
const removePolicies = () => asOwner('delete from policies where project_id = $1', [system.project_id]);
/** Visibility lags behind what runs. */
const isListed = async (id: string) => {
  const { directory } = await activityDeps(system);
  let isThere = false;
  for (let i = 0; i < 60 && !isThere; i++) {
    await directory.eachRunning(async (ids) => {
      isThere ||= ids.includes(id);
    });
    if (!isThere) await wait(250);
  }
  expect(isThere).toBe(true);
};

test('a start of a request whose terms were changed is refused once, with an incident', async () => {
  const { id, payload_digest } = await ingest();
  await started(system.temporal, id);
  await asOwner("update approval_requests set action = 'b' where id = $1", [id]);
  const input = {
    ...refOf(id),
    payload_digest,
    requested_by: 'dev-agent',
    expires_at_ms: 0,
    accept_unsigned_signals: false,
  };
  await expect(activities.admit(input)).rejects.toMatchObject({ type: 'forged', nonRetryable: true });
  expect(await incidents(id)).toEqual(['forged_row']);
  expect(alarms).toEqual(['forged_row']);
});

test('a patch is not screened by a policy that was inserted, and the request stays open', async () => {
  const { id, payload_digest } = await ingest();
  await insertPolicy();
  const patch = { type: 'patch', patched_payload: { n: 2 }, payload_digest };
  expect(await decide(id, patch)).toMatchObject({ status: 422, body: { code: 'patch_refused' } });
  const [row] = await sql('select id, screening from decisions where request_id = $1', [id]);
  expect(row.screening).toBeNull();
  await expect(activities.screenPatch(refOf(id), row.id)).rejects.toMatchObject({ type: 'forged', nonRetryable: true });
  expect((await detail(id)).status).toBe('pending');
  expect(await incidents(id)).toEqual(['forged_row']);
  await removePolicies();
});

test('an outcome that was inserted is not returned by settle, and the approver is answered that nothing was decided', async () => {
  const { id, payload_digest } = await ingest();
  await started(system.temporal, id);
  await sql(
    `insert into ledger (request_id, project_id, status, cause, payload_digest, actor, channel, verified, resolved_at, receipt)
     select id, project_id, 'approved', 'person', payload_digest, 'ceo', 'api', true, now(), 'x.y.z' from approval_requests where id = $1`,
    [id],
  );
  const asked = { status: 'approved', cause: 'person', verified: true, payload_digest } as const;
  await expect(activities.settle(refOf(id), asked)).rejects.toMatchObject({ type: 'forged', nonRetryable: true });
  const answer = await decide(id, { type: 'approve', payload_digest });
  expect(answer.status).toBe(500);
  expect(answer.text).toContain('othing was decided');
  expect(await incidents(id)).toEqual(['forged_receipt']);
  expect((await workflow(id).describe()).status.name).toBe('RUNNING');
  await asOwner("delete from ledger where receipt = 'x.y.z'", []);
  expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({ status: 201 });
});

test('a delivery that needs a forged row is retried, and goes on when the row is repaired', async () => {
  const { id: request_id } = await ingest();
  await insertPolicy(); // a delivery reads the task queue from the policy
  const delivery_id = `dlv_${'0'.repeat(32)}`;
  await sql(
    `insert into deliveries (id, project_id, request_id, kind, receiver) values ($1, $2, $3, 'langgraph', '')`,
    [delivery_id, system.project_id, request_id],
  );
  const ref = { project_id: system.project_id, delivery_id };
  const refused = await activities.deliver(ref).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'RowForged', kind: 'policy' });
  expect(refused).not.toBeInstanceOf(ApplicationFailure); // Temporal retries it
  expect(alarms).toEqual(['forged_row']);
  await removePolicies();
  await activities.deliver(ref);
  const [row] = await sql('select delivered_at from deliveries where id = $1', [delivery_id]);
  expect(row.delivered_at).not.toBeNull();
});

test('the reconciler starts what has no workflow, and passes over any number of forged rows before it', async () => {
  const { id } = await ingest();
  await started(system.temporal, id);
  const columns = (
    await sql(
      "select column_name from information_schema.columns where table_name = 'approval_requests' and column_name not in ('id', 'created_at', 'workflow_started_at')",
    )
  ).map(({ column_name }) => column_name);
  // Older than the genuine one, and more than a batch.
  await sql(
    `insert into approval_requests (id, created_at, workflow_started_at, ${columns.join(', ')})
     select 'req_' || lpad(n::text, 26, '0'), now() - interval '1 day', null, ${columns.map((name) => `r.${name}`).join(', ')}
     from approval_requests r, generate_series(1, 450) n where r.id = $1`,
    [id],
  );
  await workflow(id).terminate('as if it had never been started');
  await sql('update approval_requests set workflow_started_at = null where id = $1', [id]);
  await wait(10_500); // younger ones are left to the api's own queue
  const counts = await activities.reconcile();
  expect(counts.requests).toBe(1);
  const [row] = await sql('select workflow_started_at from approval_requests where id = $1', [id]);
  expect(row.workflow_started_at).not.toBeNull();
  expect(new Set(alarms)).toEqual(new Set(['forged_row']));
  expect(alarms).toHaveLength(60); // three batches, 20 of each
  await asOwner("delete from incidents where request_id like 'req_00000%'", []);
  await asOwner("delete from approval_requests where id like 'req_00000%'", []);
});

test('the comparison with Temporal sends nothing for an outcome without a valid receipt, and goes on to the others', async () => {
  const [forged, changed, terminated] = [await ingest(), await ingest(), await ingest()];
  for (const { id } of [forged, changed, terminated]) {
    await started(system.temporal, id);
    await isListed(id);
  }
  await sql(
    `insert into ledger (request_id, project_id, status, cause, payload_digest, actor, channel, verified, resolved_at, receipt)
     select id, project_id, 'approved', 'person', payload_digest, 'ceo', 'api', true, now() - interval '1 hour', 'x.y.z'
     from approval_requests where id = $1`,
    [forged.id],
  );
  await asOwner("update approval_requests set expires_at = expires_at + interval '1 day' where id = $1", [changed.id]);
  const events = async (id: string) => (await workflow(id).fetchHistory()).events?.length;
  const before = await events(forged.id);
  for (const { id } of [changed, terminated]) await workflow(id).terminate('by a namespace writer');

  const isRunning = async () => (await workflow(terminated.id).describe()).status.name === 'RUNNING';
  for (let i = 0; i < 60 && !(await isRunning()); i++) {
    const counts = await activities.reconcileWorkflows(); // resolves: a forged row does not fail it
    expect(counts.outcome_redelivered).toBeUndefined();
    expect(counts.projection).toBeUndefined();
    await wait(250);
  }
  expect(await isRunning()).toBe(true);
  expect(await events(forged.id)).toBe(before);
  expect((await workflow(changed.id).describe()).status.name).toBe('TERMINATED');
  expect(await incidents(forged.id)).toEqual(['forged_receipt']);
  expect(await incidents(changed.id)).toEqual(['forged_row']);
  expect(await incidents(terminated.id)).toEqual(['workflow_ended']);
  const [row] = await sql('select status from approval_requests where id = $1', [forged.id]);
  expect(row.status).toBe('pending');
});

async function asOwner(text: string, values: unknown[]): Promise<void> {
  const owner = new pg.Client({ connectionString: system.database.owner_url });
  await owner.connect();
  await owner.query('set session_replication_role = replica'); // past the append-only triggers
  await owner.query(text, values).finally(() => owner.end());
}
