import type { Verdict } from '../../contracts/verdict.ts';
import type { ApprovalInput, DecisionRef, Phase, Resolution } from '../../contracts/workflow.ts';

/**
 * The state machine of one approval: the only place that says what may follow what. The workflow is its wiring, PostgreSQL
 * its read model. Every transition is a function of (state, what happened); an outcome, once proposed, never changes here
 * except to say that it was forged.
 */
export type ApprovalState =
  | { phase: 'screening' }
  | { phase: 'pending' }
  | { phase: 'patching'; decision: DecisionRef; verified: boolean }
  | { phase: 'closed'; proposed: Resolution };

/** Why a decision does not count. The api maps each to a status; the text never leaves the history otherwise. */
export const REFUSALS = [
  'malformed',
  'not_pending',
  'expired',
  'patch_in_progress',
  'patch_refused',
  'own_request',
  'payload_changed',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** What the machine needs to know of the request: fixed when it opens. */
export type Terms = Pick<ApprovalInput, 'payload_digest' | 'requested_by' | 'expires_at_ms'>;

export const opened: ApprovalState = { phase: 'screening' };

const isPhase = <P extends Phase>(state: ApprovalState, phase: P): state is Extract<ApprovalState, { phase: P }> =>
  state.phase === phase;

/** The decision being worked on or proposed: the same one by another road is a repeat, not a rival. */
const inHand = (state: ApprovalState): string | undefined =>
  isPhase(state, 'patching')
    ? state.decision.decision_id
    : isPhase(state, 'closed')
      ? state.proposed.decision_id
      : undefined;

/** Whether this very decision is the one in hand. Never true while there is none: two absent ids are not equal. */
export const isRepeat = (state: ApprovalState, decision: DecisionRef): boolean => {
  const id = inHand(state);
  return id !== undefined && id === decision.decision_id;
};

/** The firewall's verdict, once: only what it holds waits for a person. */
export function screened(state: ApprovalState, verdict: Verdict, terms: Terms): ApprovalState {
  if (!isPhase(state, 'screening')) return state;
  // Whatever is neither of the two that close, an unreadable answer too, waits for a person.
  if (verdict !== 'allow' && verdict !== 'block') return { phase: 'pending' };
  const status = verdict === 'allow' ? 'approved' : 'rejected';
  return { phase: 'closed', proposed: { status, cause: 'firewall', payload_digest: terms.payload_digest } };
}

/**
 * Why this decision does not count now; undefined when it does, or waits for the verdict. The deadline is checked here as well
 * as by the timer: a worker that comes back late must not let a late approval win.
 */
export function refusalOf(
  state: ApprovalState,
  decision: DecisionRef,
  terms: Terms,
  now_ms: number,
): Refusal | undefined {
  if (isRepeat(state, decision)) return undefined;
  if (isPhase(state, 'patching')) return 'patch_in_progress';
  if (isPhase(state, 'closed')) return 'not_pending';
  if (now_ms >= terms.expires_at_ms) return 'expired';
  if (decision.actor === terms.requested_by) return 'own_request';
  return decision.payload_digest === terms.payload_digest ? undefined : 'payload_changed';
}

const byPerson = (decision: DecisionRef, verified: boolean) =>
  ({ cause: 'person', decision_id: decision.decision_id, actor: decision.actor, verified }) as const;

/** A decision that `refusalOf` lets count. Closes at once, except that a patch is screened first. */
export function decided(state: ApprovalState, decision: DecisionRef, verified: boolean, terms: Terms): ApprovalState {
  if (!isPhase(state, 'pending')) return state;
  if (decision.type === 'patch') return { phase: 'patching', decision, verified };
  const status = decision.type === 'approve' ? 'approved' : 'rejected';
  return {
    phase: 'closed',
    proposed: { status, ...byPerson(decision, verified), payload_digest: terms.payload_digest },
  };
}

/** The screening of a patch: refused, the request is pending as before; else the patched payload is what was approved. */
export function patchScreened(state: ApprovalState, accepted: boolean): ApprovalState {
  if (!isPhase(state, 'patching')) return state;
  const { decision, verified } = state;
  if (!accepted || decision.patched_digest === undefined) return { phase: 'pending' };
  return {
    phase: 'closed',
    proposed: { status: 'approved', ...byPerson(decision, verified), payload_digest: decision.patched_digest },
  };
}

const closedBy = (
  state: ApprovalState,
  status: 'expired' | 'cancelled',
  cause: 'deadline' | 'caller',
  terms: Terms,
): ApprovalState =>
  isPhase(state, 'pending')
    ? { phase: 'closed', proposed: { status, cause, payload_digest: terms.payload_digest } }
    : state;

/** Silence is never consent. */
export const lapsed = (state: ApprovalState, terms: Terms): ApprovalState =>
  closedBy(state, 'expired', 'deadline', terms);

export const withdrawn = (state: ApprovalState, terms: Terms): ApprovalState =>
  closedBy(state, 'cancelled', 'caller', terms);

/** The ledger knows no such decision: somebody wrote to the namespace who should not. Never approves, never reopens. */
export const foundForged = (terms: Terms): Extract<ApprovalState, { phase: 'closed' }> => ({
  phase: 'closed',
  proposed: { status: 'cancelled', cause: 'forged', payload_digest: terms.payload_digest },
});
