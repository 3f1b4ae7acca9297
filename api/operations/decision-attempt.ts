import type { ProposedPatch, ResolutionView } from '../../contracts/approval-request.ts';
import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import type { DecisionRef, Resolution } from '../../contracts/workflow.ts';
import type { Proposal } from '../../domain/approval/approval.ts';
import { outcomeOf, type UnsealedRequest } from '../../domain/approval/record.ts';
import { DomainError } from '../../domain/errors.ts';
import { sameJson } from '../../domain/json/same-json.ts';
import { decisionAnswer, resolutionSentence } from './views.ts';

/** One approver's decision on one request. A repeat of the same call has the same id. */
export interface Attempt {
  decision_id: string;
  owner: string;
  request: UnsealedRequest;
  decision: Decision;
}

export type Decided = { status: 200 | 201; body: DecisionAnswer } | { status: 202; body: DecisionRecorded };

/** The attempt as a message to its workflow. `patched_digest`: of the patched payload, null without one. */
export const refOf = ({ decision_id, owner, decision }: Attempt, patched_digest: string | null): DecisionRef => ({
  decision_id,
  type: decision.type,
  actor: owner,
  payload_digest: decision.payload_digest,
  ...(patched_digest !== null && { patched_digest }),
});

/** The answer to an attempt whose own decision resolved the request, from the outcome alone. */
export const answerWithOwn = (
  { decision_id, owner, request }: Attempt,
  { status, cause, payload_digest, verified }: Resolution,
  settled_at: Date,
): Decided => ({
  status: 201,
  body: {
    decision_id,
    outcome: outcomeOf({ status, cause, payload_digest, verified: verified ?? true }, request.payload_digest),
    decided_by: owner,
    decided_at: settled_at.toISOString(),
    payload_digest,
  },
});

/** The attempt's own decision, which resolved the request. */
export const refOfResolution = (attempt: Attempt, { payload_digest }: ResolutionView): DecisionRef =>
  refOf(attempt, attempt.decision.type === 'patch' ? payload_digest : null);

/** A patch that waits for a second approver, as the message that proposed it. */
export const patchRefOf = (request: UnsealedRequest, { decision_id, by, payload_digest }: ProposedPatch): Proposal => ({
  decision_id,
  type: 'patch',
  actor: by,
  payload_digest: request.payload_digest,
  patched_digest: payload_digest,
});

/** Whether the request was resolved by this person with this decision, so that repeating it changes nothing. */
function isSame({ owner, decision, request }: Attempt, resolution: ResolutionView): boolean {
  if (resolution.decided_by !== owner || resolution.type !== decision.type || resolution.outcome.verified === false)
    return false;
  // A rejection is of the request, whichever payload was shown; an approval is of the approved payload, a patch of the requested one.
  if (decision.type === 'reject') return resolution.reason === decision.reason;
  if (decision.type === 'approve') return resolution.payload_digest === decision.payload_digest;
  return (
    decision.payload_digest === request.payload_digest && sameJson(resolution.patched_payload, decision.patched_payload)
  );
}

/**
 * Answers with how the request was resolved. The same decision again is a repeat, another one is refused.
 * @throws DomainError `not_pending`, with the resolution
 */
export function answerWith(attempt: Attempt, resolution: ResolutionView, status: 200 | 201): Decided {
  if (resolution.decision_id === attempt.decision_id || isSame(attempt, resolution))
    return { status, body: decisionAnswer(resolution) };
  throw new DomainError('not_pending', resolutionSentence(resolution), { standing: decisionAnswer(resolution) });
}
