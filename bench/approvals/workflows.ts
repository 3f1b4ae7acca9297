/** Workflows of the bench's workers: ours, the simplest wait, and one variant. Not part of the product. */
import * as wf from '@temporalio/workflow';
import type { ApprovalInput, DecisionRef, Resolution } from '../../contracts/workflow.ts';
import { activity, localActivity } from '../../workflows/proxies.ts';

export { approvalV1 } from '../../workflows/approval.ts';

const decide = wf.defineUpdate<Resolution, [DecisionRef]>('decide');

const resolutionOf = (decision: DecisionRef): Resolution => ({
  status: decision.type === 'reject' ? 'rejected' : 'approved',
  cause: 'person',
  payload_digest: decision.payload_digest,
  decision_id: decision.decision_id,
  actor: decision.actor,
  verified: true,
});

/** A timer and an Update: the minimum cost of an approval with a deadline. */
export async function bareV1(input: ApprovalInput): Promise<Resolution | undefined> {
  let resolution: Resolution | undefined;
  wf.setHandler(decide, (decision) => {
    resolution = resolutionOf(decision);
    return resolution;
  });
  await wf.condition(() => resolution !== undefined, Math.max(1, input.expires_at_ms - Date.now()));
  return resolution;
}

const admit = localActivity('admit', { startToCloseTimeout: '1s' });
const settle = activity('settle', { startToCloseTimeout: '10s' });

/** Ours with `settle` as a regular activity: through the server's queue instead of inside the workflow task. */
export async function regularSettleV1(input: ApprovalInput): Promise<Resolution | undefined> {
  const ref = { project_id: input.project_id, request_id: input.request_id };
  let proposed: Resolution | undefined;
  let standing: Resolution | undefined;
  wf.setHandler(decide, async (decision) => {
    proposed = resolutionOf(decision);
    await wf.condition(() => standing !== undefined);
    return standing ?? proposed;
  });
  await admit(input);
  await wf.condition(() => proposed !== undefined, Math.max(1, input.expires_at_ms - Date.now()));
  if (proposed) standing = (await settle(ref, proposed)).resolution;
  await wf.condition(wf.allHandlersFinished);
  return standing;
}
