import { ACTIVITY } from '../../../../contracts/activities.ts';
import { CAUSES, OUTCOME_STATUSES } from '../../../../contracts/decision.ts';
import { APPROVAL_WORKFLOW, approvalWorkflowId } from '../../../../contracts/workflow.ts';
import type { ForeignResult, ForeignWorker } from '../../../faults/foreign-worker.ts';
import { decide, type Opened, pause, shuffled } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

/** A payload with a finding that no request of these suites has. */
export const WIDER = { url: 'http://169.254.169.254/latest/meta-data' };
const ZEROS = `sha256:${'0'.repeat(64)}`;
/** Causes of later releases, and one that no release has. */
const MORE_CAUSES = ['restored', 'grant', 'ceo'];

/** A request that an attacker lies about, with the genuine decision that they know of. */
export interface Target extends Opened {
  kind: 'held' | 'patch refused' | 'patch waits';
  decision_id?: string;
  patched_digest?: string;
}

/** One of each kind: held; with a patch that was sent back to its author; with a patch that waits for a second approver. */
export async function targets(on: Attempts, extra: object = {}): Promise<Target[]> {
  const held = await on.held(extra);
  const strict = await on.held({ service: 'strict-agent', ...extra });
  const wide = await on.held(extra);
  const patch = async ({ id, payload_digest }: Opened) =>
    (await decide(on.rig, id, { type: 'patch', patched_payload: WIDER, payload_digest })).body;
  await patch(strict);
  const proposed = await patch(wide);
  const [sentBack] = await on.rig.sql('select id, patched_digest from decisions where request_id = $1', [strict.id]);
  on.count.check(
    sentBack !== undefined && proposed.status === 'awaiting_second_approver',
    () => `a patch was answered ${JSON.stringify(proposed)}, the blocked one has ${sentBack ? 'a' : 'no'} row`,
  );
  return [
    { ...held, kind: 'held' },
    { ...strict, kind: 'patch refused', decision_id: sentBack?.id, patched_digest: sentBack?.patched_digest },
    { ...wide, kind: 'patch waits', decision_id: proposed.decision_id, patched_digest: proposed.payload_digest },
  ];
}

/** Every pair of status and cause, as a person's word and as a bot's, with names and digests that the attacker has read. */
function lies(target: Target, random: () => number): object[] {
  const one = <T>(...from: T[]): T => from[Math.floor(random() * from.length)]!;
  return OUTCOME_STATUSES.flatMap((status) =>
    [...CAUSES, ...MORE_CAUSES].flatMap((cause) =>
      [true, false].map((verified) => ({
        status,
        cause,
        verified,
        actor: one('ceo', 'dev-approver', 'dev-agent', ''),
        decision_id: one('dec_made_up', 'bot/1', target.decision_id ?? 'dec_01', target.decision_id ?? ''),
        payload_digest: one(target.payload_digest, target.patched_digest ?? ZEROS, ZEROS),
      })),
    ),
  );
}

const isRefused = (result: ForeignResult): boolean => 'failed' in result && ['forged', 'early'].includes(result.failed);

interface Lying {
  workflowId: string;
  workflowType: string;
  proposed: object[];
}

/** Runs `settle` with each lie; all must be refused. */
async function lied(on: Attempts, worker: ForeignWorker, what: string, target: Opened, lying: Lying): Promise<void> {
  const { project_id } = on.rig;
  const ref = { project_id, request_id: target.id };
  const { proposed, workflowId, workflowType } = lying;
  const results = await worker.run({
    workflowId,
    workflowType,
    taskQueue: 'rig',
    calls: proposed.map((lie) => ({ activity: ACTIVITY.settle, args: [ref, lie] })),
  });
  on.tried('settled by a lie', proposed.length);
  const wrong = results.findIndex((result) => !isRefused(result));
  on.count.check(
    wrong < 0,
    () => `${what}: settle(${JSON.stringify(proposed[wrong])}) gave ${JSON.stringify(results[wrong])}`,
  );
}

/**
 * The activity `settle`, called from workflows of the attacker's own: under other ids, and under the id and type of the request's
 * workflow, which is terminated for it. Before and after the deadline.
 */
export async function liedOutcomes(on: Attempts, worker: ForeignWorker, random: () => number, share: number) {
  const some = (all: object[]) => shuffled(all, random).slice(0, Math.ceil(all.length * share));
  for (const target of await targets(on)) {
    const { id, kind } = target;
    const foreign = { workflowId: `mallory/${id}`, workflowType: 'mallory' };
    const same = { workflowId: approvalWorkflowId(id), workflowType: APPROVAL_WORKFLOW };
    await lied(on, worker, `${kind}, foreign workflow`, target, { ...foreign, proposed: some(lies(target, random)) });
    await on.pending(`${kind}, foreign workflow`, target);
    await on.alarmed(`${kind}, foreign workflow`, target, 'foreign_start');
    await lied(on, worker, `${kind}, its own id`, target, { ...same, proposed: some(lies(target, random)) });
    await on.pending(`${kind}, its own id`, target);
    await on.alarmed(`${kind}, its own id`, target, 'forged_outcome', 'forged_decision', 'clock_skew');
    await on.honest(`${kind}, after the lies`, target);
    await on.receipt(`${kind}, after the lies`, target, 'approved', ['dev-approver']);
    // Too late: the ledger has the outcome, and every lie is answered with it.
    const after = await worker.run({
      ...same,
      taskQueue: 'rig',
      calls: some(lies(target, random)).map((lie) => ({
        activity: ACTIVITY.settle,
        args: [{ project_id: on.rig.project_id, request_id: id }, lie],
      })),
    });
    on.tried('settled by a lie', after.length);
    on.count.check(
      after.every((result) => 'returned' in result && (result.returned as any).resolution.status === 'approved'),
      () => `${kind}, after the outcome: ${JSON.stringify(after.slice(0, 3))}`,
    );
  }
  const late = await targets(on, { expires_in_ms: 6_000 });
  await Promise.all(late.map((target) => lateLies(on, worker, target, some(lies(target, random)))));
}

/** The request's own workflow is gone at its deadline. Only its expiry is true then. */
async function lateLies(on: Attempts, worker: ForeignWorker, target: Target, proposed: object[]): Promise<void> {
  const what = `${target.kind}, after the deadline`;
  const same = { workflowId: approvalWorkflowId(target.id), workflowType: APPROVAL_WORKFLOW };
  await lied(on, worker, `${target.kind}, before the deadline`, target, {
    ...same,
    proposed: [{ status: 'expired', cause: 'deadline', payload_digest: target.payload_digest }],
  });
  await on.pending(`${target.kind}, before the deadline`, target);
  await pause(Date.parse(target.expires_at) - Date.now() + 200);
  const untrue = proposed.filter(
    (lie) => !('status' in lie && lie.status === 'expired' && 'cause' in lie && lie.cause === 'deadline'),
  );
  await lied(on, worker, what, target, { ...same, proposed: untrue });
  await on.pending(what, target);
  const answer = await decide(on.rig, target.id, { type: 'approve', payload_digest: target.payload_digest });
  on.count.check(answer.status === 409, () => `${what}: a late approval was answered ${answer.status} ${answer.text}`);
  // The expiry is true, also when the attacker asks for it.
  const [expired] = await worker.run({
    ...same,
    taskQueue: 'rig',
    calls: [
      {
        activity: ACTIVITY.settle,
        args: [
          { project_id: on.rig.project_id, request_id: target.id },
          {
            status: 'expired',
            cause: 'deadline',
            payload_digest: ZEROS,
            actor: 'ceo',
            decision_id: 'dec_made_up',
            verified: false,
          },
        ],
      },
    ],
  });
  on.count.check(
    'returned' in expired! && (expired.returned as any).resolution.status === 'expired',
    () => `${what}: the expiry was answered ${JSON.stringify(expired)}`,
  );
  await on.receipt(what, target, 'expired', []);
}
