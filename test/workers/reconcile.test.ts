import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ActivityDeps, createActivities } from '../../activities/index.ts';
import { ACTIVITY, type Repair, type WorkerActivities } from '../../contracts/activities.ts';
import { INCIDENT_SENTENCES } from '../../domain/approval/incident.ts';
import { readBacklog } from '../../storage/approvals/backlog.ts';
import { ensureReconcileSchedules, reconcileScheduleId } from '../../workers/reconcile-schedule.ts';
import { activityDeps } from '../helpers/activities.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { recordCancellation, recordDecision } from '../helpers/record-decision.ts';
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

test('a terminated workflow is started again from its row, with an incident, and the request can be decided', async () => {
  const { id, payload_digest } = await open();
  await workflow(id).terminate('by a namespace writer');
  const isRunning = async () => (await workflow(id).describe()).status.name === 'RUNNING';
  const counts = await scanUntil(isRunning);
  expect(counts.workflow_started_again).toBe(1);
  const pending = await detail(id);
  expect(pending.status).toBe('pending');
  expect(pending.timeline).toContainEqual(
    expect.objectContaining({ event: 'incident', detail: INCIDENT_SENTENCES.workflow_ended }),
  );
  expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({
    status: 201,
    body: { outcome: { status: 'approved' } },
  });
  expect((await scan()).workflow_started_again).toBeUndefined();
});

test('a decision on a request whose workflow was terminated is answered with its outcome at once, five times over', async () => {
  for (let i = 0; i < 5; i++) {
    const { id, payload_digest } = await open();
    await workflow(id).terminate('by a namespace writer');
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({
      status: 201,
      body: { outcome: { status: 'approved' } },
    });
  }
});

test('a cancellation of a request whose workflow was terminated cancels it', async () => {
  const { id } = await open();
  await workflow(id).terminate('by a namespace writer');
  expect(await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${id}/cancel`)).toMatchObject({
    status: 200,
    body: { outcome: { status: 'cancelled', cause: 'caller' } },
  });
});

test('a forged run of the same id, with a later or nearer deadline, ends at once, and the true one is started again', async () => {
  for (const expires_at_ms of [Date.now() - 60_000, Date.now() + 400 * 86_400_000]) {
    const { id, payload_digest } = await open();
    await workflow(id).terminate('by a namespace writer');
    const forged = await system.temporal.workflow.start('approvalV1', {
      workflowId: `approval/${id}`,
      taskQueue: system.env['LETSPING_TASK_QUEUE']!,
      args: [
        {
          project_id: system.project_id,
          request_id: id,
          payload_digest,
          requested_by: 'dev-agent',
          expires_at_ms,
          accept_unsigned_signals: true,
        },
      ],
    });
    await expect(forged.result()).rejects.toMatchObject({ cause: { type: 'foreign' } });
    const found = await detail(id);
    expect(found.status).toBe('pending');
    expect(found.timeline).toContainEqual(
      expect.objectContaining({ event: 'incident', detail: INCIDENT_SENTENCES.foreign_start }),
    );
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({ status: 201 });
  }
});

test('an outcome whose workflow is open: the decision is redelivered, and the workflow ends with it', async () => {
  const { id, payload_digest } = await open();
  const decision_id = `dec_${id.slice(4)}`;
  await recordDecision(system, { id: decision_id, request_id: id, type: 'approve', actor: 'ana', payload_digest });
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
  const patch = { id: patch_id, request_id: id, type: 'patch', actor: 'ana', payload_digest, patched_digest } as const;
  await recordDecision(system, { ...patch, patched_payload: { amount: 11 } });
  const ref = { project_id: system.project_id, request_id: id };
  expect(await deps.stores.screen.recordScreening(ref, patch_id, 'second_approver', [])).toBe('second_approver');
  await recordDecision(system, {
    id: decision_id,
    request_id: id,
    type: 'approve',
    actor: 'bo',
    payload_digest: patched_digest,
  });
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

test("an outcome without a decision: the workflow gets a cancellation, and returns the ledger's outcome", async () => {
  const { id, payload_digest } = await open();
  await recordCancellation(system, id);
  await settle(
    { project_id: system.project_id, request_id: id },
    { status: 'cancelled', cause: 'caller', payload_digest },
  );
  await scanUntil(async () => (await workflow(id).describe()).status.name === 'COMPLETED');
  expect(await workflow(id).result()).toMatchObject({ status: 'cancelled', cause: 'caller' });
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

test("an outcome that a restored database lost is not made up from the workflow's result: the request waits again", async () => {
  const { id, payload_digest } = await open();
  await decide(id, { type: 'approve', payload_digest });
  await forget(id);
  await scanUntil(async () => (await workflow(id).describe()).status.name === 'RUNNING');
  expect((await detail(id)).status).toBe('pending');
  expect(await decide(id, { type: 'reject', reason: 'no', payload_digest })).toMatchObject({ status: 201 });
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
