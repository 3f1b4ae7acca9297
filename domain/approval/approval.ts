import type { PatchScreening } from '../../contracts/verdict.ts';
import type { ApprovalInput, DecisionRef, Phase, Resolution, ScreenAnswer } from '../../contracts/workflow.ts';

/**
 * The state machine of one approval: the only place that says what may follow what. The workflow is its wiring, PostgreSQL
 * its read model. Every transition is a function of (state, what happened); an outcome, once proposed, never changes here
 * except to say that it was forged.
 */
export type ApprovalState =
  | { phase: 'screening' }
  | { phase: 'pending'; proposal?: Proposal }
  | { phase: 'patching'; decision: DecisionRef; verified: boolean; proposal?: Proposal }
  | { phase: 'closed'; proposed: Resolution };

/** A patch that waits for a second approver. Whoever approves it names its digest. */
export type Proposal = DecisionRef & { patched_digest: string };

/** Why a decision does not count. The api maps each to a status; the text never leaves the history otherwise. */
export const REFUSALS = [
  'malformed',
  'not_pending',
  'expired',
  'patch_in_progress',
  'patch_refused',
  'own_request',
  'own_patch',
  'payload_changed',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** The author of a patch is told by this code that it waits: sent back without an outcome, and not refused. */
export const SECOND_APPROVER = 'second_approver';
export type SentBack = Refusal | typeof SECOND_APPROVER;

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
export function screened(state: ApprovalState, verdict: ScreenAnswer, terms: Terms): ApprovalState {
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
  verified: boolean,
  terms: Terms,
  now_ms: number,
): SentBack | undefined {
  if (isRepeat(state, decision)) return undefined;
  if (isPhase(state, 'patching')) return 'patch_in_progress';
  if (isPhase(state, 'closed')) return 'not_pending';
  const proposal = isPhase(state, 'pending') ? state.proposal : undefined;
  if (proposal?.decision_id === decision.decision_id) return SECOND_APPROVER;
  if (now_ms >= terms.expires_at_ms) return 'expired';
  if (decision.actor === terms.requested_by) return 'own_request';
  if (decision.payload_digest === terms.payload_digest) return undefined;
  return namesProposal(decision, verified, proposal) ? refusalOfSecond(decision, proposal) : 'payload_changed';
}

/** The attacker may write to the namespace: an unsigned message is no second approver, whatever it names. */
const namesProposal = (
  decision: DecisionRef,
  verified: boolean,
  proposal: Proposal | undefined,
): proposal is Proposal =>
  verified &&
  decision.type !== 'patch' &&
  proposal !== undefined &&
  decision.payload_digest === proposal.patched_digest;

/** Two persons: its author may reject, and not approve. */
const refusalOfSecond = ({ type, actor }: DecisionRef, proposal: Proposal): Refusal | undefined =>
  type === 'approve' && actor === proposal.actor ? 'own_patch' : undefined;

const byPerson = (decision: DecisionRef, verified: boolean) =>
  ({ cause: 'person', decision_id: decision.decision_id, actor: decision.actor, verified }) as const;

/** A decision that `refusalOf` lets count. Closes at once, except that a patch is screened first. */
export function decided(state: ApprovalState, decision: DecisionRef, verified: boolean, terms: Terms): ApprovalState {
  if (!isPhase(state, 'pending')) return state;
  if (decision.type === 'patch') return { ...state, phase: 'patching', decision, verified };
  // Approved is the payload that was named, asked for or proposed; what is rejected is the request.
  const [status, payload_digest] =
    decision.type === 'approve'
      ? (['approved', decision.payload_digest] as const)
      : (['rejected', terms.payload_digest] as const);
  return { phase: 'closed', proposed: { status, ...byPerson(decision, verified), payload_digest } };
}

/** What the answer of `screen` says of a patch. One that nobody can read lets nothing run. */
export const patchScreening = (answer: ScreenAnswer): PatchScreening =>
  answer === 'allow' || answer === 'hold' ? 'accepted' : answer === 'second_approver' ? 'second_approver' : 'refused';

/**
 * The screening of a patch: refused, the request is pending as before, with the proposal that there was; accepted, the patched
 * payload is what was approved; else it waits for a second approver, in the place of an earlier proposal.
 */
export function patchScreened(state: ApprovalState, screening: PatchScreening): ApprovalState {
  if (!isPhase(state, 'patching')) return state;
  const { decision, verified, proposal } = state;
  const { patched_digest } = decision;
  if (screening === 'refused' || patched_digest === undefined)
    return { phase: 'pending', ...(proposal && { proposal }) };
  if (screening === 'second_approver') return { phase: 'pending', proposal: { ...decision, patched_digest } };
  return {
    phase: 'closed',
    proposed: { status: 'approved', ...byPerson(decision, verified), payload_digest: patched_digest },
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
