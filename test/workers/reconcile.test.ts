import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ActivityDeps, createActivities } from '../../activities/index.ts';
import { ACTIVITY, type Repair, type WorkerActivities } from '../../contracts/activities.ts';
import { readBacklog } from '../../storage/approvals/backlog.ts';
import { ensureReconcileSchedules, reconcileScheduleId } from '../../workers/reconcile-schedule.ts';
import { activityDeps } from '../helpers/activities.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
let scan: WorkerActivities['reconcileWorkflows'];
let settle: WorkerActivities['settle'];
/** The worker's, without the grace time of its scan. */
let deps: ActivityDeps;
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
  deps = { ...(await activityDeps(system)), graceMs: 0 };
  ({ [ACTIVITY.reconcileWorkflows]: scan, [ACTIVITY.settle]: settle } = createActivities(deps));
});
afterAll(() => system.stop());

const { decide, detail, workflow } = approvalsOf(() => system);
const open = async () => {
  const { status, body } = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 'billing',
    action: 'refund',
    payload: { amount: 10 },
  });
  expect(status).toBe(201);
  await started(system.temporal, body.id);
  return body as { id: string; payload_digest: string };
};
const sql = async (text: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: system.database.owner_url });
  await client.connect();
  return client.query(text, values).finally(() => client.end());
};
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Visibility lags: scans until it shows what the test did. */
async function scanUntil(done: () => Promise<boolean>) {
  const total: Partial<Record<Repair, number>> = {};
  for (let i = 0; i < 60; i++) {
    for (const [kind, count] of Object.entries(await scan()) as [Repair, number][])
      total[kind] = (total[kind] ?? 0) + count;
    if (await done()) return total;
    await wait(250);
  }
  throw new Error(`the scan did not repair it: ${JSON.stringify(total)}`);
}

test('a terminated workflow: the request is closed as cancelled, with a receipt and an incident, once', async () => {
  const { id } = await open();
  await workflow(id).terminate('by a namespace writer');
  const counts = await scanUntil(async () => (await detail(id)).status === 'cancelled');
  expect(counts.workflow_ended).toBe(1);
  const closed = await detail(id);
  expect(closed.decision).toMatchObject({ outcome: { status: 'cancelled', cause: 'caller' }, decided_by: null });
  expect((await sql('select receipt from ledger where request_id = $1', [id])).rows).toEqual([
    { receipt: expect.stringMatching(/^eyJ/) },
  ]);
  const { rows } = await sql('select kind from incidents where request_id = $1', [id]);
  expect(rows).toEqual([{ kind: 'workflow_ended' }]);
  expect(closed.timeline).toContainEqual(
    expect.objectContaining({
      event: 'incident',
      detail: 'The workflow ended without recording an outcome; the reconciler closed the request.',
    }),
  );
  expect((await scan()).workflow_ended).toBeUndefined();
});

test('an outcome whose workflow is open: the decision is redelivered, and the workflow ends with it', async () => {
  const { id, payload_digest } = await open();
  const decision_id = `dec_${id.slice(4)}`;
  await sql(
    `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest) values ($1, $2, $3, 'approve', 'ana', 'api', $4)`,
    [decision_id, system.project_id, id, payload_digest],
  );
  await settle(
    { project_id: system.project_id, request_id: id },
    { status: 'approved', cause: 'person', payload_digest, decision_id, actor: 'ana', verified: true },
  );
  const counts = await scanUntil(async () => (await workflow(id).describe()).status.name === 'COMPLETED');
  expect(counts.outcome_redelivered).toBeGreaterThan(0);
  expect(await workflow(id).result()).toMatchObject({ status: 'approved', decision_id });
});

test("an outcome by a second approver, while the workflow knows no waiting patch: it is cancelled, and returns the ledger's outcome", async () => {
  const { id, payload_digest } = await open();
  const [patch_id, decision_id] = [`dec_p${id.slice(5)}`, `dec_s${id.slice(5)}`];
  const patched_digest = `sha256:${'7'.repeat(64)}`;
  await sql(
    `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, screening, screened_at) values
       ($1, $2, $3, 'patch', 'ana', 'api', $4, $5, 'second_approver', now()), ($6, $2, $3, 'approve', 'bo', 'api', $5, null, null, null)`,
    [patch_id, system.project_id, id, payload_digest, patched_digest, decision_id],
  );
  await settle(
    { project_id: system.project_id, request_id: id },
    { status: 'approved', cause: 'person', payload_digest: patched_digest, decision_id, actor: 'bo', verified: true },
  );
  await scanUntil(async () => (await workflow(id).describe()).status.name === 'COMPLETED');
  expect(await workflow(id).result()).toMatchObject({
    status: 'approved',
    decision_id,
    payload_digest: patched_digest,
  });
});

test("an outcome without a decision: the workflow is cancelled, and returns the ledger's outcome", async () => {
  const { id, payload_digest } = await open();
  await settle(
    { project_id: system.project_id, request_id: id },
    { status: 'expired', cause: 'deadline', payload_digest },
  );
  await scanUntil(async () => (await workflow(id).describe()).status.name === 'COMPLETED');
  expect(await workflow(id).result()).toMatchObject({ status: 'expired', cause: 'deadline' });
});

test('a workflow unknown to Temporal is started again, and its request can be decided', async () => {
  const { id, payload_digest } = await open();
  await system.temporal.workflowService.deleteWorkflowExecution({
    namespace: system.env['TEMPORAL_NAMESPACE']!,
    workflowExecution: { workflowId: `approval/${id}` },
  });
  while (
    await workflow(id)
      .describe()
      .then(
        () => true,
        () => false,
      )
  )
    await wait(50);
  const counts = await scanUntil(() =>
    workflow(id)
      .describe()
      .then(
        () => true,
        () => false,
      ),
  );
  expect(counts.workflow_started_again).toBe(1);
  const answer = await decide(id, { type: 'approve', payload_digest });
  expect(answer).toMatchObject({ status: 201, body: { outcome: { status: 'approved' } } });
});

/** The state after restoring a backup: the workflow ended, and the database has neither outcome nor status. */
const forget = (id: string) =>
  sql(
    `alter table ledger disable trigger user; delete from ledger where request_id = '${id}';
     update approval_requests set status = 'pending', resolved_at = null where id = '${id}'; alter table ledger enable trigger user`,
  );

test("an outcome that a restored database lost: the workflow's result is written again, a person's approval only with its row", async () => {
  const { id, payload_digest } = await open();
  const answer = await decide(id, { type: 'approve', payload_digest });
  await forget(id);
  expect((await detail(id)).status).toBe('pending');
  const counts = await scanUntil(async () => (await detail(id)).status !== 'pending');
  expect(counts.workflow_ended).toBe(1);
  expect((await detail(id)).decision).toMatchObject({
    decision_id: answer.body.decision_id,
    outcome: { status: 'approved', cause: 'person' },
  });
});

test("a workflow's result alone approves nothing: without a decision of the api the request is cancelled", async () => {
  const claims = [
    { status: 'approved', cause: 'firewall' },
    { status: 'approved', cause: 'person', verified: false, actor: 'mallory' },
    { status: 'approved', cause: 'person', verified: true, actor: 'mallory', decision_id: 'dec_made_up' },
  ] as const;
  for (const claim of claims) {
    const { id, payload_digest } = await open();
    await workflow(id).terminate();
    const stateOf = async () => ({ state: 'ended', resolution: { ...claim, payload_digest } }) as const;
    const { [ACTIVITY.reconcileWorkflows]: lying } = createActivities({
      ...deps,
      directory: { ...deps.directory, stateOf },
    });
    for (let i = 0; i < 40 && (await detail(id)).status === 'pending'; i++) {
      await lying();
      await wait(250);
    }
    expect((await detail(id)).decision.outcome).toEqual({ status: 'cancelled', cause: 'caller' });
  }
});

test('a projection that differs from the ledger is repaired, in both directions; a healthy system is not changed', async () => {
  const [closed, waiting] = [await open(), await open()];
  await decide(closed.id, { type: 'reject', reason: 'no', payload_digest: closed.payload_digest });
  await sql(`update approval_requests set status = 'pending', resolved_at = null where id = $1`, [closed.id]);
  await sql(`update approval_requests set status = 'approved', resolved_at = now() where id = $1`, [waiting.id]);
  expect((await scan()).projection).toBe(2);
  expect([(await detail(closed.id)).status, (await detail(waiting.id)).status]).toEqual(['rejected', 'pending']);
  await wait(1_500);
  expect(await scan()).toEqual({});
  expect((await workflow(waiting.id).describe()).status.name).toBe('RUNNING');
  expect((await readBacklog(system.database.pool)).pending).toBeGreaterThan(0);
});

test('the schedule of the scan runs it on the worker; another interval updates the existing schedule', async () => {
  const taskQueue = system.env['LETSPING_TASK_QUEUE']!;
  const schedule = system.temporal.schedule.getHandle(reconcileScheduleId(taskQueue, 'workflows'));
  expect((await schedule.describe()).spec.intervals?.[0]?.every).toBe(600_000);
  await schedule.trigger();
  let result: unknown;
  for (let i = 0; i < 100 && result === undefined; i++) {
    await wait(100);
    const [action] = (await schedule.describe()).info.recentActions;
    if (action?.action.type === 'startWorkflow')
      result = await system.temporal.workflow
        .getHandle(action.action.workflow.workflowId, action.action.workflow.firstExecutionRunId)
        .result();
  }
  expect(result).toEqual(expect.any(Object));

  await ensureReconcileSchedules(system.temporal, taskQueue, { rows: 30, workflows: 300 });
  expect((await schedule.describe()).spec.intervals?.[0]?.every).toBe(300_000);
  expect(
    (await system.temporal.schedule.getHandle(reconcileScheduleId(taskQueue)).describe()).spec.intervals?.[0]?.every,
  ).toBe(30_000);
});
