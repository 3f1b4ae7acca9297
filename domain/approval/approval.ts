import type { PatchScreening } from '../../contracts/verdict.ts';
import type {
  Admission,
  ApprovalInput,
  DecisionRef,
  Phase,
  Resolution,
  ScreenAnswer,
} from '../../contracts/workflow.ts';

/**
 * The state machine of one approval, and the only place that defines its transitions. The workflow wires it, and PostgreSQL
 * holds the read model. Each transition is a function of the state and an event. A proposed outcome is a hint that `settle` checks
 * against the rows: meanwhile the phase is `checking`, and a refused one makes the request pending again.
 */
export type ApprovalState =
  | { phase: 'screening' }
  | { phase: 'pending'; proposal?: Proposal }
  | { phase: 'patching'; decision: DecisionRef; verified: boolean; proposal?: Proposal }
  | { phase: 'checking'; proposed: Resolution; proposal?: Proposal }
  | { phase: 'closed'; decision_id?: string };

/** A patch that waits for a second approver, whose approval names its digest. */
export type Proposal = DecisionRef & { patched_digest: string };

/** Why a decision does not count. The api maps each code to a status. */
export const REFUSALS = [
  'malformed',
  'not_pending',
  'expired',
  'patch_in_progress',
  'patch_refused',
  'own_request',
  'own_patch',
  'payload_changed',
  'not_recorded',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** The answer to the author of a patch that waits for a second approver: no outcome, and not a refusal. */
export const SECOND_APPROVER = 'second_approver';
export type SentBack = Refusal | typeof SECOND_APPROVER;

/** The members of a request that the state machine needs. They are fixed when it opens. */
export type Terms = Pick<ApprovalInput, 'payload_digest' | 'requested_by' | 'expires_at_ms'>;

export const opened: ApprovalState = { phase: 'screening' };

const isPhase = <P extends Phase>(state: ApprovalState, phase: P): state is Extract<ApprovalState, { phase: P }> =>
  state.phase === phase;

/** The decision in progress or proposed. The same decision through another channel is a repeat, not a rival. */
const currentDecision = (state: ApprovalState): string | undefined =>
  isPhase(state, 'patching')
    ? state.decision.decision_id
    : isPhase(state, 'checking')
      ? state.proposed.decision_id
      : isPhase(state, 'closed')
        ? state.decision_id
        : undefined;

/** Whether this is the current decision. Two absent ids are not equal, so this is false while there is none. */
export const isRepeat = (state: ApprovalState, decision: DecisionRef): boolean => {
  const id = currentDecision(state);
  return id !== undefined && id === decision.decision_id;
};

/** Applies the firewall's verdict, once. Only a held request waits for a person. */
export function screened(state: ApprovalState, verdict: Admission, terms: Terms): ApprovalState {
  if (!isPhase(state, 'screening')) return state;
  // Any other answer, an unknown one too, waits for a person.
  if (verdict !== 'allow' && verdict !== 'block') return { phase: 'pending' };
  const status = verdict === 'allow' ? 'approved' : 'rejected';
  return { phase: 'checking', proposed: { status, cause: 'firewall', payload_digest: terms.payload_digest } };
}

/** A decision waits while a verdict, or the rows behind an earlier message, are being looked up: see `refusalOf`. */
export const mustWait = ({ phase }: ApprovalState): boolean => phase === 'screening' || phase === 'checking';

/**
 * Why this decision does not count now; undefined when it counts, or must wait. The deadline is checked here as well as by the
 * timer: after a worker outage, a late approval must not win. An approval that was recorded in time counts, however late it arrives.
 */
export function refusalOf(
  state: ApprovalState,
  decision: DecisionRef,
  verified: boolean,
  terms: Terms,
  now_ms: number,
): SentBack | undefined {
  if (isRepeat(state, decision)) return undefined;
  // Before `admit` has compared them with the row, the terms of this run may be a forger's.
  if (isPhase(state, 'screening')) return undefined;
  if (isPhase(state, 'patching')) return 'patch_in_progress';
  if (isPhase(state, 'closed')) return 'not_pending';
  const { proposal } = state;
  if (proposal?.decision_id === decision.decision_id) return SECOND_APPROVER;
  const at_ms = (verified ? decision.decided_at_ms : undefined) ?? now_ms;
  if (at_ms >= terms.expires_at_ms) return 'expired';
  if (decision.actor === terms.requested_by) return 'own_request';
  if (decision.payload_digest === terms.payload_digest) return undefined;
  return namesProposal(decision, verified, proposal) ? refusalOfSecond(decision, proposal) : 'payload_changed';
}

/** The attacker can write to the namespace: an unverified message never counts as the second approver. */
const namesProposal = (
  decision: DecisionRef,
  verified: boolean,
  proposal: Proposal | undefined,
): proposal is Proposal =>
  verified &&
  decision.type !== 'patch' &&
  proposal !== undefined &&
  decision.payload_digest === proposal.patched_digest;

/** Two people are needed: the author of the patch may reject it, not approve it. */
const refusalOfSecond = ({ type, actor }: DecisionRef, proposal: Proposal): Refusal | undefined =>
  type === 'approve' && actor === proposal.actor ? 'own_patch' : undefined;

const byPerson = (decision: DecisionRef, verified: boolean) =>
  ({ cause: 'person', decision_id: decision.decision_id, actor: decision.actor, verified }) as const;

/** Applies a decision that `refusalOf` accepted. It is checked at once, except that a patch is screened first. */
export function decided(state: ApprovalState, decision: DecisionRef, verified: boolean, terms: Terms): ApprovalState {
  if (!isPhase(state, 'pending')) return state;
  if (decision.type === 'patch') return { ...state, phase: 'patching', decision, verified };
  // An approval is of the payload that it names, the requested or the proposed one. A rejection is of the request.
  const [status, payload_digest] =
    decision.type === 'approve'
      ? (['approved', decision.payload_digest] as const)
      : (['rejected', terms.payload_digest] as const);
  return { ...state, phase: 'checking', proposed: { status, ...byPerson(decision, verified), payload_digest } };
}

/** The answer of `screen`, read for a patch. Unknown answers fail closed. */
export const patchScreening = (answer: ScreenAnswer): PatchScreening =>
  answer === 'allow' || answer === 'hold' ? 'accepted' : answer === 'second_approver' ? 'second_approver' : 'refused';

/**
 * Applies the screening of a patch. Refused: the request is pending again, with the earlier proposal. Accepted: the patched
 * payload is approved. Otherwise the patch waits for a second approver and replaces an earlier proposal.
 */
export function patchScreened(state: ApprovalState, screening: PatchScreening): ApprovalState {
  if (!isPhase(state, 'patching')) return state;
  const { decision, verified, proposal } = state;
  const { patched_digest } = decision;
  if (screening === 'refused' || patched_digest === undefined)
    return { phase: 'pending', ...(proposal && { proposal }) };
  if (screening === 'second_approver') return { phase: 'pending', proposal: { ...decision, patched_digest } };
  return {
    phase: 'checking',
    proposed: { status: 'approved', ...byPerson(decision, verified), payload_digest: patched_digest },
    ...(proposal && { proposal }),
  };
}

const endedBy = (
  state: ApprovalState,
  status: 'expired' | 'cancelled',
  cause: 'deadline' | 'caller',
  terms: Terms,
): ApprovalState =>
  isPhase(state, 'pending')
    ? { ...state, phase: 'checking', proposed: { status, cause, payload_digest: terms.payload_digest } }
    : state;

/** No decision before the deadline means rejection. */
export const expired = (state: ApprovalState, terms: Terms): ApprovalState =>
  endedBy(state, 'expired', 'deadline', terms);

export const cancelled = (state: ApprovalState, terms: Terms): ApprovalState =>
  endedBy(state, 'cancelled', 'caller', terms);

/** The ledger has an outcome. */
export const settledBy = ({ decision_id }: Resolution): ApprovalState => ({
  phase: 'closed',
  ...(decision_id !== undefined && { decision_id }),
});

/** No row supports what was proposed, so nothing changes: the request is pending again. */
export const refusedOutcome = (state: ApprovalState): ApprovalState =>
  isPhase(state, 'checking') ? { phase: 'pending', ...(state.proposal && { proposal: state.proposal }) } : state;
