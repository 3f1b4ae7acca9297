import { APPROVAL_WORKFLOW, approvalWorkflowId } from '../../../../contracts/workflow.ts';
import type { ForeignWorker } from '../../../faults/foreign-worker.ts';
import { started } from '../../../helpers/started.ts';
import { decide, detail, pause } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

/** Terminating, resetting and impersonating a workflow delay its request, and change nothing of it. */
export async function endedWorkflows(on: Attempts, worker: ForeignWorker): Promise<void> {
  await terminated(on);
  await reset(on);
  await impersonated(on, worker);
  await stolen(on, worker);
}

async function terminated(on: Attempts): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  await started(on.rig.temporal, id);
  const stale = await decide(on.rig, id, { type: 'approve', payload_digest: `sha256:${'0'.repeat(64)}` });
  on.count.check(stale.status === 412, () => `another digest was answered ${stale.status}`);
  for (let time = 1; time <= 5; time++) {
    await on.rig.temporal.workflow
      .getHandle(approvalWorkflowId(id))
      .terminate('mallory')
      .catch(() => {});
    on.tried('terminated');
    await on.pending(`terminated ${time} times`, target);
    // The next person's message starts it again: a patch that the firewall does not accept leaves the request open.
    if (time < 5)
      await decide(on.rig, id, { type: 'patch', patched_payload: { url: 'http://169.254.169.254/' }, payload_digest });
  }
  await on.alarmed('terminated five times', target, 'workflow_ended');
  await on.honest('terminated five times', target);
  await on.receipt('terminated five times', target, 'approved', ['dev-approver']);
}

async function reset(on: Attempts): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  const first = await decide(on.rig, id, { type: 'reject', reason: 'no', payload_digest });
  on.count.check(first.status === 201, () => `rejected with ${first.status}`);
  const handle = on.rig.temporal.workflow.getHandle(approvalWorkflowId(id));
  for (const decision_id of ['bot/1', first.body.decision_id]) {
    await on.rig.temporal.workflowService.resetWorkflowExecution({
      namespace: on.rig.env['TEMPORAL_NAMESPACE']!,
      workflowExecution: { workflowId: approvalWorkflowId(id) },
      reason: 'mallory',
      workflowTaskFinishEventId: 4 as never,
      requestId: `reset-${decision_id}-${id}`,
    });
    on.tried('reset');
    const approve = { decision_id, type: 'approve', actor: 'ceo', payload_digest };
    await handle.signal('decide_recorded', approve).catch(() => {});
    const result = (await Promise.race([handle.result().catch(() => undefined), pause(10_000)])) as any;
    on.count.check(
      result === undefined || result.status === 'rejected',
      () => `a reset workflow returned ${JSON.stringify(result)} (${id})`,
    );
  }
  const { status } = await detail(on.rig, id);
  on.count.check(status === 'rejected', () => `${status} after a reset (${id})`);
  await on.receipt('reset', target, 'rejected', ['dev-approver']);
}

/** A run of the attacker's own under the request's id, which answers each Update with an approval. It denies, and approves nothing. */
async function impersonated(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  const lie = {
    status: 'approved',
    cause: 'person',
    actor: 'ceo',
    verified: true,
    decision_id: 'dec_x',
    payload_digest,
  };
  await worker.impersonate(approvalWorkflowId(id), APPROVAL_WORKFLOW, lie);
  on.tried('impersonated workflow');
  const answer = await decide(on.rig, id, { type: 'approve', payload_digest });
  on.count.check(
    answer.status === 503,
    () => `an impersonated workflow: the approver was answered ${answer.status} ${answer.text.slice(0, 200)}`,
  );
  await on.pending('impersonated workflow', target);
  await on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).terminate();
  await on.honest('impersonated workflow, terminated', target);
  await on.receipt('impersonated workflow', target, 'approved', ['dev-approver']);
}

/** The attacker polls the product's own task queue and completes a request's workflow with an approval. */
async function stolen(on: Attempts, worker: ForeignWorker): Promise<void> {
  await on.rig.kill('worker');
  const target = await on.held();
  const { id, payload_digest } = target;
  const lie = {
    status: 'approved',
    cause: 'person',
    actor: 'ceo',
    verified: true,
    decision_id: 'dec_x',
    payload_digest,
  };
  await started(on.rig.temporal, id);
  const isStolen = await worker.steal('rig', approvalWorkflowId(id), lie, 20_000);
  on.tried('stolen workflow task');
  on.count.check(isStolen, () => `no workflow task of ${id} came`);
  await on.rig.restore('worker');
  await on.pending('completed by a stolen task', target);
  await on.honest('completed by a stolen task', target);
  await on.receipt('completed by a stolen task', target, 'approved', ['dev-approver']);
}
