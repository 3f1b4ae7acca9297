import { ACTIVITY } from '../../../../contracts/activities.ts';
import { APPROVAL_WORKFLOW, approvalWorkflowId } from '../../../../contracts/workflow.ts';
import type { ForeignWorker } from '../../../faults/foreign-worker.ts';
import { started } from '../../../helpers/started.ts';
import { decide, type Opened, pause } from '../../suite.ts';
import type { Attempts } from './attempts.ts';
import { targets, WIDER } from './lied-outcomes.ts';

const ZEROS = `sha256:${'0'.repeat(64)}`;

interface Forged {
  decision_id: string;
  type: string;
  actor: string;
  payload_digest: string;
  [more: string]: unknown;
}

/** The ways by which a message reaches the workflow of a request. */
const CHANNELS: Record<string, (on: Attempts, id: string, message: Forged) => Promise<unknown>> = {
  'Update decide': (on, id, message) =>
    on.rig.temporal.workflow
      .getHandle(approvalWorkflowId(id))
      .executeUpdate('decide', { args: [message], updateId: message.decision_id }),
  'Signal decide_recorded': (on, id, message) =>
    on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).signal('decide_recorded', message),
  'Signal decide': (on, id, message) =>
    on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).signal('decide', message),
  'signalWithStart decide_recorded': (on, id, message) =>
    on.rig.temporal.workflow.signalWithStart(APPROVAL_WORKFLOW, {
      workflowId: approvalWorkflowId(id),
      taskQueue: 'rig',
      args: [{}],
      signal: 'decide_recorded',
      signalArgs: [message],
    }),
};

/** Decisions that no row supports, by every channel, on requests of each kind. */
export async function forgedMessages(on: Attempts, rounds: number): Promise<void> {
  const { rig } = on;
  const other = await on.held();
  const real = (await decide(rig, other.id, { type: 'approve', payload_digest: other.payload_digest })).body;
  for (let round = 0; round < rounds; round++)
    for (const target of await targets(on)) {
      const { id, kind, payload_digest, decision_id = 'dec_none', patched_digest = ZEROS } = target;
      await started(rig.temporal, id);
      const base = { type: 'approve', actor: 'ceo', payload_digest };
      const messages: Record<string, Forged> = {
        'made up': { ...base, decision_id: `dec_made_up_${round}` },
        'in time': { ...base, decision_id: `dec_in_time_${round}`, decided_at_ms: 1 },
        "another request's": { ...base, decision_id: real.decision_id, actor: real.decided_by },
        'a patch': { ...base, decision_id: `dec_patch_${round}`, type: 'patch', patched_digest: ZEROS },
        'a rejection': { ...base, decision_id: `dec_reject_${round}`, type: 'reject' },
        'the second approval': { ...base, decision_id: `dec_second_${round}`, payload_digest: patched_digest },
        'its own decision as an approval': { ...base, decision_id, actor: 'dev-approver' },
        'its own decision, of the patch': { ...base, decision_id, payload_digest: patched_digest },
        'its own decision, sent back and again': {
          ...base,
          decision_id,
          type: 'patch',
          actor: 'dev-approver',
          patched_digest,
        },
      };
      for (const [channel, send] of Object.entries(CHANNELS))
        for (const [name, message] of Object.entries(messages)) {
          await Promise.race([send(on, id, message).catch(() => {}), pause(5_000)]);
          on.tried('forged decision');
          await on.pending(`${kind}, ${channel}, ${name}`, target);
        }
      await on.alarmed(`${kind}, forged decisions`, target, 'forged_decision');
      await on.honest(`${kind}, after forged decisions`, target);
      await on.receipt(`${kind}, after forged decisions`, target, 'approved', ['dev-approver']);
    }
  await turnedRound(on);
  await cancelledByHand(on);
  await flooded(on);
}

/** A genuine rejection whose message the attacker replaces by an approval: its row says what it was. */
async function turnedRound(on: Attempts): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  await started(on.rig.temporal, id);
  await on.rig.kill('worker');
  const recorded = await decide(on.rig, id, { type: 'reject', reason: 'no', payload_digest });
  const turned = { decision_id: recorded.body.decision_id, type: 'approve', actor: 'dev-approver', payload_digest };
  await on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).terminate();
  await on.rig.temporal.workflow.signalWithStart(APPROVAL_WORKFLOW, {
    workflowId: approvalWorkflowId(id),
    taskQueue: 'rig',
    args: [
      {
        project_id: on.rig.project_id,
        request_id: id,
        payload_digest,
        requested_by: 'dev-agent',
        expires_at_ms: Date.parse(target.expires_at),
        accept_unsigned_signals: false,
      },
    ],
    signal: 'decide_recorded',
    signalArgs: [turned],
  });
  on.tried('forged decision');
  await on.rig.restore('worker');
  await on.settled('a rejection turned round', target, 'rejected');
  await on.receipt('a rejection turned round', target, 'rejected', ['dev-approver']);
}

/** Cancelled in Temporal, by its own cancellation and by our Signal: no row says so. */
async function cancelledByHand(on: Attempts): Promise<void> {
  const cancels: Record<string, (id: string) => Promise<unknown>> = {
    'the cancellation of Temporal': (id) => on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).cancel(),
    'Signal cancel_recorded': (id) =>
      on.rig.temporal.workflow.getHandle(approvalWorkflowId(id)).signal('cancel_recorded'),
  };
  for (const [name, cancel] of Object.entries(cancels)) {
    const target = await on.held();
    await started(on.rig.temporal, target.id);
    await cancel(target.id);
    on.tried('cancelled without a row');
    await on.alarmed(name, target, 'forged_outcome');
    await on.pending(name, target);
    await on.honest(name, target);
    await on.receipt(name, target, 'approved', ['dev-approver']);
  }
}

/** Thirty messages at once while a person decides. */
async function flooded(on: Attempts): Promise<void> {
  const target = await on.held();
  const { id, payload_digest } = target;
  await started(on.rig.temporal, id);
  const handle = on.rig.temporal.workflow.getHandle(approvalWorkflowId(id));
  const forged = (at: number) => ({ decision_id: `dec_flood_${at}`, type: 'reject', actor: 'ceo', payload_digest });
  const flood = Promise.all(
    Array.from({ length: 30 }, (_, at) =>
      (at % 3 === 0
        ? handle.executeUpdate('decide', { args: [forged(at)], updateId: `dec_flood_${at}` })
        : at % 3 === 1
          ? handle.signal('decide_recorded', forged(at))
          : handle.signal('cancel_recorded')
      ).catch(() => {}),
    ),
  );
  on.tried('flood', 30);
  await on.honest('a flood of 30 messages', target);
  await Promise.race([flood, pause(15_000)]);
  await on.receipt('a flood of 30 messages', target, 'approved', ['dev-approver']);
  await on.alarmed('a flood of 30 messages', target, 'forged_decision', 'forged_outcome');
}

/** Activities of the product other than `settle`, called by anybody in the namespace. */
export async function foreignActivities(on: Attempts, worker: ForeignWorker): Promise<void> {
  const { rig } = on;
  const target = await on.held();
  const { id, payload_digest } = target;
  const ref = { project_id: rig.project_id, request_id: id };
  const calls = [
    { activity: ACTIVITY.screenPatch, args: [ref, 'dec_made_up'] },
    { activity: ACTIVITY.screenPatch, args: [ref, { id: 'dec_made_up' }] },
    { activity: ACTIVITY.admit, args: [{ ...ref, payload_digest }] },
    { activity: ACTIVITY.startDeliveries, args: [[{ project_id: rig.project_id, delivery_id: 'dlv_made_up' }]] },
    { activity: ACTIVITY.deliver, args: [{ project_id: rig.project_id, delivery_id: 'dlv_made_up' }] },
    { activity: ACTIVITY.deadLetter, args: [{ project_id: rig.project_id, delivery_id: 'dlv_made_up' }] },
    { activity: ACTIVITY.reconcile, args: [] },
    { activity: ACTIVITY.reconcileWorkflows, args: [] },
  ];
  await worker.run({ workflowId: `mallory/${id}`, workflowType: 'mallory', taskQueue: 'rig', calls });
  on.tried('activity called by hand', calls.length);
  await on.pending('activities called by hand', target);

  // A patch is screened once: screened again by hand, it stays refused.
  const [, refused] = await targets(on);
  const again = await worker.run({
    workflowId: approvalWorkflowId(refused!.id),
    workflowType: APPROVAL_WORKFLOW,
    taskQueue: 'rig',
    calls: [{ activity: ACTIVITY.screenPatch, args: [{ ...ref, request_id: refused!.id }, refused!.decision_id] }],
  });
  on.tried('activity called by hand');
  on.count.check(
    JSON.stringify(again) === JSON.stringify([{ returned: 'block' }]),
    () => `a refused patch was screened again: ${JSON.stringify(again)}`,
  );
  for (const one of [target, refused as Opened]) await on.honest('activities called by hand', one);
  const patched = await decide(rig, target.id, { type: 'patch', patched_payload: WIDER, payload_digest });
  on.count.check(patched.status === 409, () => `a patch after the approval was answered ${patched.status}`);
}
