import * as wf from '@temporalio/workflow';
import {
  APPROVAL_QUERY,
  type ApprovalInput,
  type ApprovalView,
  type BotDecision,
  DECIDE_RECORDED_SIGNAL,
  DECIDE_SIGNAL,
  DECIDE_UPDATE,
  type DecisionRef,
  FORGED,
  type Resolution,
  type ScreenAnswer,
  type Settled,
} from '../contracts/workflow.ts';
import {
  type ApprovalState,
  cancelled,
  decided,
  expired,
  foundForged,
  isRepeat,
  opened,
  patchScreened,
  patchScreening,
  refusalOf,
  SECOND_APPROVER,
  type SentBack,
  screened,
} from '../domain/approval/approval.ts';
import { parseBotDecision, parseDecisionRef } from '../domain/approval/messages.ts';
import { assertOneSdk } from './one-sdk.ts';
import { activity, localActivity } from './proxies.ts';

export const decide = wf.defineUpdate<Resolution, [DecisionRef]>(DECIDE_UPDATE);
export const decideByBot = wf.defineSignal<[BotDecision]>(DECIDE_SIGNAL);
export const decideRecorded = wf.defineSignal<[DecisionRef]>(DECIDE_RECORDED_SIGNAL);
export const approval = wf.defineQuery<ApprovalView>(APPROVAL_QUERY);

// Local activities: no round trip, one marker each. Together they stay below 80 % of the 5 s of a workflow task.
const screen = localActivity('screen', {
  startToCloseTimeout: '1s',
  scheduleToCloseTimeout: '2500ms',
  retry: { initialInterval: '100ms', maximumAttempts: 2 },
});
const AFTER_CLOSING: wf.LocalActivityOptions = {
  startToCloseTimeout: '1s',
  scheduleToCloseTimeout: '2s',
  retry: { initialInterval: '100ms', maximumAttempts: 3 },
};
const settleLocally = localActivity('settle', AFTER_CLOSING);
const startDeliveries = localActivity('startDeliveries', AFTER_CLOSING);
/** Takes over when the database is unavailable, and retries until it is back. */
const settleWithRetry = activity('settle', {
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '5s' },
});

const uncancelled = <T>(work: () => Promise<T>) => wf.CancellationScope.nonCancellable(work);
const refused = (code: SentBack) => wf.ApplicationFailure.nonRetryable(`decision refused: ${code}`, code);

/** A local activity rejects with the ApplicationFailure itself, a regular one wraps it. */
function isForged(error: unknown): boolean {
  const cause = error instanceof wf.ActivityFailure ? error.cause : error;
  return cause instanceof wf.ApplicationFailure && cause.type === FORGED;
}

/**
 * One run per held request, id `approval/<request id>`. The rules are in `domain/approval`; this is their wiring. The phase changes
 * before each await, so that a second decision finds the request closed. Work that must not stop half-way is shielded from
 * cancellation. Returns the ledger's resolution.
 */
export async function approvalV1(input: ApprovalInput): Promise<Resolution> {
  assertOneSdk();
  const ref = { project_id: input.project_id, request_id: input.request_id };
  let state: ApprovalState = opened;
  let resolution: Resolution | undefined;
  let ignoredSignals = 0;
  const sentBack = new Map<string, SentBack>();

  const refusal = (decision: DecisionRef, verified: boolean) => refusalOf(state, decision, verified, input, Date.now());

  /** Changes the phase before its first await, except that it waits for the verdict. */
  const take = async (decision: DecisionRef, verified: boolean): Promise<void> => {
    if (state.phase === 'screening') {
      await wf.condition(() => state.phase !== 'screening');
      const code = refusal(decision, verified);
      if (code) return void sentBack.set(decision.decision_id, code);
    }
    if (isRepeat(state, decision)) return;
    state = decided(state, decision, verified, input);
    if (state.phase !== 'patching') return;
    const answer = await screen(ref, decision.decision_id).catch((): ScreenAnswer => 'block'); // an unscreened patch must not run
    const screening = patchScreening(answer);
    state = patchScreened(state, screening);
    if (screening === 'refused') sentBack.set(decision.decision_id, 'patch_refused');
    if (screening === 'second_approver') sentBack.set(decision.decision_id, SECOND_APPROVER);
  };

  wf.setHandler(approval, () => ({
    phase: state.phase,
    payload_digest: input.payload_digest,
    expires_at_ms: input.expires_at_ms,
    ignored_signals: ignoredSignals,
    ...(resolution && { resolution }),
  }));
  wf.setHandler(
    decide,
    (raw) =>
      uncancelled(async () => {
        const decision = parseDecisionRef(raw);
        if (!decision) throw refused('malformed');
        sentBack.delete(decision.decision_id);
        await take(decision, true);
        await wf.condition(() => resolution !== undefined || sentBack.has(decision.decision_id));
        if (resolution) return resolution;
        throw refused(sentBack.get(decision.decision_id) ?? 'not_pending');
      }),
    {
      // Must be synchronous: the SDK does not await a validator, so an async one refuses nothing.
      validator: (raw) => {
        const decision = parseDecisionRef(raw);
        const code = decision ? refusal(decision, true) : 'malformed';
        if (code) throw refused(code);
      },
    },
  );
  const bySignal = async (decision: DecisionRef | undefined, verified: boolean): Promise<void> => {
    const code = decision ? refusal(decision, verified) : 'malformed';
    if (code === SECOND_APPROVER) return; // a repeat of the proposed patch
    if (decision === undefined || code !== undefined) {
      ignoredSignals += 1;
      return;
    }
    await uncancelled(() => take(decision, verified));
  };
  wf.setHandler(decideRecorded, (raw) => bySignal(parseDecisionRef(raw), true));
  wf.setHandler(decideByBot, (raw) =>
    bySignal(input.accept_unsigned_signals ? parseBotDecision(raw, wf.uuid4) : undefined, false),
  );
  // Every handler is set before the first await.

  const verdict = await uncancelled(() => screen(ref)).catch((): ScreenAnswer => 'hold'); // if a guardrail fails, a person decides
  state = screened(state, verdict, input);
  if (!isClosed(state)) {
    let isCancelled = false;
    await wf
      .condition(() => isClosed(state), Math.max(1, input.expires_at_ms - Date.now()), { summary: 'decision deadline' })
      .catch((error: unknown) => {
        if (!wf.isCancellation(error)) throw error;
        isCancelled = true;
      });
    await uncancelled(() => wf.condition(() => state.phase !== 'patching')); // finish screening a patch that arrived in time
    state = isCancelled ? cancelled(state, input) : expired(state, input); // closed before any further await
  }

  const settled = await uncancelled(() => settle(state));
  resolution = settled.resolution;
  if (settled.delivery_ids.length > 0) {
    const refs = settled.delivery_ids.map((delivery_id) => ({ project_id: input.project_id, delivery_id }));
    await uncancelled(() => startDeliveries(refs).catch(() => {})); // the reconciler starts what this missed
  }
  await uncancelled(() => wf.condition(wf.allHandlersFinished));
  return resolution;

  async function settle(closed: ApprovalState): Promise<Settled> {
    if (!isClosed(closed)) throw new wf.IllegalStateError('an approval is settled when it is closed');
    try {
      return await settleLocally(ref, closed.proposed).catch((error: unknown) => {
        if (isForged(error)) throw error;
        return settleWithRetry(ref, closed.proposed);
      });
    } catch (error) {
      if (!isForged(error)) throw error;
      state = foundForged(input);
      return settle(state);
    }
  }
}

const isClosed = (state: ApprovalState): state is Extract<ApprovalState, { phase: 'closed' }> =>
  state.phase === 'closed';
