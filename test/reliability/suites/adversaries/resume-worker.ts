import { ACTIVITY } from '../../../../contracts/activities.ts';
import { APPROVAL_WORKFLOW, approvalWorkflowId, RESUME_WORKFLOW } from '../../../../contracts/workflow.ts';
import { type ForeignWorker, foreignWorker } from '../../../faults/foreign-worker.ts';
import { started } from '../../../helpers/started.ts';
import type { Suite } from '../../suite.ts';
import { decide, type Opened, pause } from '../../suite.ts';
import { Attempts, adversaryRig, attacked } from './attempts.ts';
import { inputOf } from './forged-starts.ts';

const ZEROS = `sha256:${'0'.repeat(64)}`;

/**
 * A team's resume worker that was taken over: it writes to the Temporal namespace and has an agent's key, so it opens, cancels and
 * reports requests through the api and forges the messages about them. Has no database, no root key and no approver's key.
 */
export const resumeWorkerProgram: Suite = {
  name: 'adversaries: resume worker',
  isSeeded: false,
  promises: ['one resolution', 'approved bytes', 'receipt'],
  async run({ form, say, cell }, count) {
    const rig = await adversaryRig(say);
    const worker = await foreignWorker(rig.temporal_address, rig.env['TEMPORAL_NAMESPACE']!);
    const on = new Attempts(rig, count);
    const rounds = form === 'whole' ? 5 : 1;
    try {
      const each = (step: () => Promise<void>) => async () => {
        for (let round = 0; round < rounds; round++) await step();
      };
      const steps: Record<string, () => Promise<void>> = {
        'own key': each(() => ownKey(on)),
        'own approval': each(() => ownApproval(on, worker)),
        'another decision': each(() => anotherDecision(on)),
        'cancelled, then approved': each(() => cancelledThenApproved(on, worker)),
        'approved, then cancelled': each(() => approvedThenCancelled(on, worker)),
        'reported before and after': each(() => reported(on)),
        'forged resumes': each(() => forgedResumes(on, worker)),
      };
      await attacked(on, steps, say, cell);
      await on.judged();
      count.note(
        `${on.summary()}; it ran nothing that no person approved, and no request of another owner was touched`,
      );
    } finally {
      await worker.stop();
      await rig.stop();
    }
  },
};

const asAgent = (on: Attempts, method: string, path: string, body?: object) =>
  on.rig.call(on.rig.agent_api_key, method, path, body);

const signalled = (on: Attempts, id: string, name: string, ...args: unknown[]) =>
  on.rig.temporal.workflow
    .getHandle(approvalWorkflowId(id))
    .signal(name, ...args)
    .catch(() => {}); // it has ended

/** What the agent's key may not do through the api. */
async function ownKey(on: Attempts): Promise<void> {
  const { rig, count } = on;
  const own = await on.held();
  const foreign = (
    await rig.call(await rig.key(`other-agent-${own.id.slice(-6)}`, 'agent'), 'POST', '/api/ingest', {
      service: 'billing-agent',
      action: 'refund',
      payload: { amount: 7 },
    })
  ).body as Opened;
  on.ids.push(foreign.id);
  for (const { id, payload_digest } of [own, foreign])
    for (const body of [
      { type: 'approve', payload_digest },
      { type: 'reject', reason: 'no', payload_digest },
      { type: 'patch', patched_payload: { amount: 1 }, payload_digest },
    ]) {
      const answer = await decide(rig, id, body, rig.agent_api_key);
      on.tried('decided with the own key');
      count.check(answer.status === 403, () => `an agent's ${body.type} was answered ${answer.status} (${id})`);
    }
  for (const [method, path, body] of [
    ['GET', `/api/status/${foreign.id}`],
    ['GET', `/api/approval-requests/${foreign.id}`],
    ['GET', `/api/approval-requests/${foreign.id}/receipt`],
    ['POST', `/api/approval-requests/${foreign.id}/cancel`, {}],
    ['POST', `/api/approval-requests/${foreign.id}/executed`, { payload_digest: foreign.payload_digest }],
    ['GET', '/api/keys'],
    ['POST', '/api/keys', { name: 'x', owner: 'ceo', role: 'approver' }],
    ['GET', '/api/policy'],
    ['PUT', '/api/policy', { default_routing: 'review_none' }],
  ] as const) {
    const answer = await asAgent(on, method, path, body);
    on.tried("used another's right");
    count.check(
      [403, 404].includes(answer.status),
      () => `an agent's ${method} ${path} was answered ${answer.status} ${answer.text.slice(0, 120)}`,
    );
  }
  await on.pending('the own key', own);
  for (const target of [own, foreign]) {
    await on.honest('the own key', target);
    await on.receipt('the own key', target, 'approved', ['dev-approver']);
  }
}

/** It opens a request, runs its workflow under terms of its own, approves it there, and asks the api whether it may act. */
async function ownApproval(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  const approve = { type: 'approve', payload_digest, decision_id: 'dec_own', actor: 'ceo' };
  const lie = {
    status: 'approved',
    cause: 'person',
    actor: 'ceo',
    verified: true,
    decision_id: 'dec_own',
    payload_digest,
  };
  const attacks: Record<string, () => Promise<unknown>> = {
    'a run that accepts unsigned signals': async () => {
      const input = { ...inputOf(on, target), accept_unsigned_signals: true };
      await worker.start(approvalWorkflowId(id), APPROVAL_WORKFLOW, 'rig', [input]);
      await signalled(on, id, 'decide', approve);
    },
    'a run by which another one asked': async () => {
      const input = { ...inputOf(on, target), requested_by: 'mallory' };
      await worker.start(approvalWorkflowId(id), APPROVAL_WORKFLOW, 'rig', [input]);
      await signalled(on, id, 'decide_recorded', { ...approve, actor: 'dev-agent' });
    },
    'settle, called by its own workflow': () =>
      worker.run({
        workflowId: approvalWorkflowId(id),
        workflowType: APPROVAL_WORKFLOW,
        taskQueue: 'rig',
        calls: [{ activity: ACTIVITY.settle, args: [{ project_id: on.rig.project_id, request_id: id }, lie] }],
      }),
    'a run of its own that answers for the product': () =>
      worker.impersonate(approvalWorkflowId(id), APPROVAL_WORKFLOW, lie),
  };
  for (const [what, attack] of Object.entries(attacks)) {
    await attack();
    await pause(300);
    on.tried('approved its own request');
    await on.pending(what, target);
    const acted = await asAgent(on, 'POST', `/api/approval-requests/${id}/executed`, { payload_digest });
    on.count.check(
      acted.status === 409 && acted.body.code === 'not_approved',
      () => `${what}: its execution was answered ${acted.status} (${id})`,
    );
  }
  await on.rig.temporal.workflow
    .getHandle(approvalWorkflowId(id))
    .terminate()
    .catch(() => {});
  await on.honest('its own approvals', target);
  await on.receipt('its own approvals', target, 'approved', ['dev-approver']);
}

/** The person's genuine approval of one action, presented for another one, or for the same one again. */
async function anotherDecision(on: Attempts): Promise<void> {
  const { rig } = on;
  const payload = { amount: 5, to: 'a' };
  const first = await on.held({ payload });
  const real = (await decide(rig, first.id, { type: 'approve', payload_digest: first.payload_digest })).body;
  for (const [what, target] of [
    ['the same action again', await on.held({ payload })],
    ['another action', await on.held({ payload: { amount: 5_000, to: 'mallory' } })],
  ] as const) {
    await started(rig.temporal, target.id);
    for (const digest of [target.payload_digest, first.payload_digest])
      for (const name of ['decide_recorded', 'decide'])
        await signalled(on, target.id, name, {
          decision_id: real.decision_id,
          type: 'approve',
          actor: 'dev-approver',
          payload_digest: digest,
        });
    on.tried("presented another request's approval", 4);
    await on.alarmed(what, target, 'forged_decision');
    await on.pending(what, target);
    const acted = await asAgent(on, 'POST', `/api/approval-requests/${target.id}/executed`, {
      payload_digest: first.payload_digest,
    });
    on.count.check(acted.status === 409, () => `${what}: executed answered ${acted.status} (${target.id})`);
    await on.honest(what, target);
  }
}

/** Its own genuine cancellation, hidden from the workflow, and a forged approval beside it. */
async function cancelledThenApproved(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  const lie = { status: 'approved', cause: 'person', verified: true, actor: 'ceo', payload_digest };
  await worker.impersonate(approvalWorkflowId(id), APPROVAL_WORKFLOW, lie);
  const answer = await asAgent(on, 'POST', `/api/approval-requests/${id}/cancel`, {});
  on.tried('hid its own cancellation');
  on.count.check(
    answer.status === 202 && answer.body.outcome === null,
    () => `a hidden cancellation was answered ${answer.status} ${answer.text} (${id})`,
  );
  await on.pending('a hidden cancellation', target);
  await worker.start(approvalWorkflowId(id), APPROVAL_WORKFLOW, 'rig', [inputOf(on, target)]);
  await signalled(on, id, 'decide_recorded', { decision_id: 'dec_x', type: 'approve', actor: 'ceo', payload_digest });
  await on.pending('a hidden cancellation, then a forged approval', target);
  await signalled(on, id, 'cancel_recorded');
  await on.settled('a cancellation that arrives at last', target, 'cancelled');
  await on.receipt('a cancellation that arrives at last', target, 'cancelled', []);
  const late = await decide(on.rig, id, { type: 'approve', payload_digest });
  on.count.check(late.status === 409, () => `an approval after the cancellation was answered ${late.status} (${id})`);
}

/** A person approved; it forges a cancellation, and cancels for real, to get a second permit for the same request. */
async function approvedThenCancelled(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  await on.honest('before a cancellation', target);
  const ref = { project_id: on.rig.project_id, request_id: id };
  const lie = { status: 'cancelled', cause: 'caller', actor: 'dev-agent', payload_digest };
  const [settled] = await worker.run({
    workflowId: approvalWorkflowId(id),
    workflowType: APPROVAL_WORKFLOW,
    taskQueue: 'rig',
    calls: [{ activity: ACTIVITY.settle, args: [ref, lie] }],
  });
  const answer = await asAgent(on, 'POST', `/api/approval-requests/${id}/cancel`, {});
  on.tried('cancelled what was approved', 2);
  on.count.check(
    answer.status === 409 && (settled as any).returned?.resolution.status === 'approved',
    () => `cancelled after the approval: ${answer.status}, settle gave ${JSON.stringify(settled)} (${id})`,
  );
  await on.receipt('cancelled after the approval', target, 'approved', ['dev-approver']);
}

/** Reports of executions: before the outcome, of other bytes, and twice. */
async function reported(on: Attempts): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  const report = (digest: string) =>
    asAgent(on, 'POST', `/api/approval-requests/${id}/executed`, { payload_digest: digest });
  const early = await report(payload_digest);
  await on.honest('reported before', target);
  const other = await report(ZEROS);
  const first = await report(payload_digest);
  const second = await report(payload_digest);
  on.tried('reported an execution', 4);
  const answers = [early, other, first, second].map(({ status }) => status);
  on.count.check(JSON.stringify(answers) === '[409,409,201,409]', () => `reports were answered ${answers} (${id})`);
  await on.alarmed('an execution of other bytes', target, 'digest_mismatch');
}

/** Resumes of threads that it makes up, on the team's queue and on the product's own, and deliveries that nobody wrote. */
async function forgedResumes(on: Attempts, worker: ForeignWorker): Promise<void> {
  const { rig } = on;
  const target = await on.held();
  const ids = [target.id, 'interrupt', ''];
  for (const task_queue of ['office-agents', 'rig', '', 'x'.repeat(5_000)]) {
    const workflowId = `resume/${rig.project_id}/${ZEROS}`;
    await worker.start(workflowId, RESUME_WORKFLOW, 'rig', [
      { project_id: rig.project_id, thread_key: ZEROS, graph: 'g', task_queue },
    ]);
    const handle = rig.temporal.workflow.getHandle(workflowId);
    for (const id of ids) await handle.signal('answered', id).catch(() => {}); // a run with an impossible queue ends at once
    on.tried('resumed a thread that it made up', ids.length);
    await pause(300);
    await handle.terminate().catch(() => {});
  }
  const ref = { project_id: rig.project_id, delivery_id: 'dlv_made_up' };
  await worker.run({
    workflowId: `delivery/${ref.delivery_id}`,
    workflowType: 'deliveryV1',
    taskQueue: 'rig',
    calls: [ACTIVITY.startDeliveries, ACTIVITY.deliver, ACTIVITY.deadLetter].map((activity) => ({
      activity,
      args: activity === ACTIVITY.startDeliveries ? [[ref]] : [ref],
    })),
  });
  on.tried('delivered what nobody wrote', 3);
  await on.pending('forged resumes', target);
  await on.honest('forged resumes', target);
  await on.receipt('forged resumes', target, 'approved', ['dev-approver']);
}
