import * as wf from '@temporalio/workflow';
import {
  APPROVAL_QUERY,
  type ApprovalInput,
  type ApprovalView,
  type BotDecision,
  CANCEL_RECORDED_SIGNAL,
  DECIDE_RECORDED_SIGNAL,
  DECIDE_SIGNAL,
  DECIDE_UPDATE,
  type DecisionRef,
  EARLY,
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
  isRepeat,
  mustWait,
  opened,
  patchScreened,
  patchScreening,
  refusalOf,
  refusedOutcome,
  SECOND_APPROVER,
  type SentBack,
  screened,
  settledBy,
} from '../domain/approval/approval.ts';
import { parseApprovalInput, parseBotDecision, parseDecisionRef, parseSettled } from '../domain/approval/messages.ts';
import { foreign } from './foreign.ts';
import { assertOneSdk } from './one-sdk.ts';
import { activity, localActivity } from './proxies.ts';
import { Signals } from './signals.ts';

export const decide = wf.defineUpdate<Resolution, [DecisionRef]>(DECIDE_UPDATE);
export const decideByBot = wf.defineSignal<[BotDecision]>(DECIDE_SIGNAL);
export const decideRecorded = wf.defineSignal<[DecisionRef]>(DECIDE_RECORDED_SIGNAL);
export const cancelRecorded = wf.defineSignal(CANCEL_RECORDED_SIGNAL);
export const approval = wf.defineQuery<ApprovalView>(APPROVAL_QUERY);

// Local activities: no round trip, one marker each. Together they stay below 80 % of the 5 s of a workflow task.
const SCREENING: wf.LocalActivityOptions = {
  startToCloseTimeout: '1s',
  scheduleToCloseTimeout: '2500ms',
  retry: { initialInterval: '100ms', maximumAttempts: 2 },
};
const admit = localActivity('admit', SCREENING);
const screenPatch = localActivity('screenPatch', SCREENING);
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

const UNREADABLE_ANSWER = '5s';

const uncancelled = <T>(work: () => Promise<T>) => wf.CancellationScope.nonCancellable(work);
const refused = (code: SentBack) => wf.ApplicationFailure.nonRetryable(`decision refused: ${code}`, code);

function inputOf(given: unknown): ApprovalInput {
  const input = parseApprovalInput(given);
  if (!input) throw foreign('the input is not of an approval');
  return input;
}

/** Why `settle` refused an outcome; undefined for any other failure. A regular activity wraps the ApplicationFailure. */
function refusalBySettle(error: unknown): { remaining_ms?: number } | undefined {
  const cause = error instanceof wf.ActivityFailure ? error.cause : error;
  if (!(cause instanceof wf.ApplicationFailure)) return undefined;
  if (cause.type === FORGED) return {};
  return cause.type === EARLY ? { remaining_ms: Number(cause.details?.[0]) || 0 } : undefined;
}

/**
 * One run per held request, id `approval/<request id>`. The rules are in `domain/approval`; this is their wiring. The phase changes
 * before each await. A message is a hint: `settle` derives the outcome from the rows, and without one the request is pending again.
 * Returns the ledger's resolution.
 */
export async function approvalV1(given: ApprovalInput): Promise<Resolution> {
  assertOneSdk();
  const input = inputOf(given);
  const ref = { project_id: input.project_id, request_id: input.request_id };
  let state: ApprovalState = opened;
  let resolution: Resolution | undefined;
  let isCancelled = false;
  let ignoredSignals = 0;
  let refusedOutcomes = 0;
  const signals = new Signals();
  const sentBack = new Map<string, SentBack>();

  const refusal = (decision: DecisionRef, verified: boolean) => refusalOf(state, decision, verified, input, Date.now());

  /** Changes the phase before its first await, unless the decision must wait. */
  const take = async (decision: DecisionRef, verified: boolean): Promise<void> => {
    while (mustWait(state) && !isRepeat(state, decision)) {
      await wf.condition(() => !mustWait(state));
      const code = refusal(decision, verified);
      if (code) return void sentBack.set(decision.decision_id, code);
    }
    if (isRepeat(state, decision)) return;
    state = decided(state, decision, verified, input);
    if (state.phase !== 'patching') return;
    const answer = await screenPatch(ref, decision.decision_id).catch((): ScreenAnswer => 'block'); // an unscreened patch must not run
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
    refused_outcomes: refusedOutcomes,
    reads_signals: signals.areRead,
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
  signals.handle(decideRecorded, (raw) => bySignal(parseDecisionRef(raw), true));
  if (input.accept_unsigned_signals)
    signals.handle(decideByBot, (raw) => bySignal(parseBotDecision(raw, wf.uuid4), false));
  const cancel = () => {
    isCancelled = true;
  };
  signals.handle(cancelRecorded, cancel);
  wf.CancellationScope.current().cancelRequested.catch(cancel);
  // Every handler is set before the first await.

  // A cancellation is a hint too, and may be refused: no step may be interrupted by one.
  return uncancelled(async () => {
    const admission = await admit(input).catch(() => 'hold' as const); // if it fails, a person decides
    if (admission === 'foreign') throw foreign('the start differs from its row');
    state = screened(state, admission, input);
    let deadline_ms = input.expires_at_ms;
    for (;;) {
      if (state.phase !== 'checking') await untilChecking(deadline_ms);
      const found = await settle();
      if ('resolution' in found) {
        resolution = found.resolution;
        state = settledBy(found.resolution);
        await deliver(found.delivery_ids);
        await wf.condition(wf.allHandlersFinished);
        return found.resolution;
      }
      if (found.remaining_ms === undefined) refusedOutcomes += 1;
      else deadline_ms = Date.now() + found.remaining_ms;
    }
  });

  async function untilChecking(deadline_ms: number): Promise<void> {
    await wf.condition(() => state.phase === 'checking' || isCancelled, Math.max(1, deadline_ms - Date.now()), {
      summary: 'decision deadline',
    });
    await wf.condition(() => state.phase !== 'patching'); // finish screening a patch that arrived in time
    if (state.phase !== 'pending') return;
    state = isCancelled ? cancelled(state, input) : expired(state, input);
    isCancelled = false;
  }

  /** The ledger's outcome, or why the proposed one was refused. Then the request is pending again. */
  async function settle(): Promise<Settled | { remaining_ms?: number }> {
    if (state.phase !== 'checking') throw new wf.IllegalStateError('only a proposed outcome is settled');
    const { proposed } = state;
    try {
      for (;;) {
        const answer: unknown = await settleLocally(ref, proposed).catch((error: unknown) => {
          if (refusalBySettle(error)) throw error;
          return settleWithRetry(ref, proposed);
        });
        const settled = parseSettled(answer);
        if (settled) return settled;
        await wf.sleep(UNREADABLE_ANSWER); // a foreign worker took the task, or a codec has no key: asked again
      }
    } catch (error) {
      const found = refusalBySettle(error);
      if (!found) throw error;
      state = refusedOutcome(state);
      if (proposed.decision_id !== undefined) sentBack.set(proposed.decision_id, 'not_recorded');
      return found;
    }
  }

  async function deliver(delivery_ids: string[]): Promise<void> {
    if (delivery_ids.length === 0) return;
    const refs = delivery_ids.map((delivery_id) => ({ project_id: input.project_id, delivery_id }));
    await startDeliveries(refs).catch(() => {}); // the reconciler starts what this missed
  }
}
