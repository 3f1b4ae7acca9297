import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import type { DecisionRef } from '../../contracts/workflow.ts';
import type { UnsealedRequest } from '../../domain/approval/record.ts';
import type { Standing } from '../../domain/approval/status-answer.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { DomainError } from '../../domain/errors.ts';
import { decisionAnswer, standingSentence } from './views.ts';

/** One approver's answer to one request, under the id that a repeat of the same call has too. */
export interface Attempt {
  decision_id: string;
  owner: string;
  request: UnsealedRequest;
  decision: Decision;
}

export type Decided = { status: 200 | 201; body: DecisionAnswer } | { status: 202; body: DecisionRecorded };

export const equal = (a: unknown, b: unknown) => Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;

/** The attempt as its workflow is told of it. `patched_digest`: of the payload of its patch, if it is one. */
export const refOf = ({ decision_id, owner, decision }: Attempt, patched_digest: string | null): DecisionRef => ({
  decision_id,
  type: decision.type,
  actor: owner,
  payload_digest: decision.payload_digest,
  ...(patched_digest !== null && { patched_digest }),
});

/** The attempt's own decision that stands, as it is told again. */
export const refOfStanding = (attempt: Attempt, { payload_digest }: Standing): DecisionRef =>
  refOf(attempt, attempt.decision.type === 'patch' ? payload_digest : null);

/** Whether what stands is this very decision of this very person, so that saying it again changes nothing. */
function isSame({ owner, decision, request }: Attempt, standing: Standing): boolean {
  if (standing.decided_by !== owner || standing.type !== decision.type || standing.outcome.verified === false)
    return false;
  // A rejection is of the request, whichever of its payloads was shown; an approval of what stands, a patch of what was asked for.
  if (decision.type === 'reject') return standing.reason === decision.reason;
  if (decision.type === 'approve') return standing.payload_digest === decision.payload_digest;
  return (
    decision.payload_digest === request.payload_digest && equal(standing.patched_payload, decision.patched_payload)
  );
}

/**
 * What stands, to whoever asked: the same decision is repeated, another is refused.
 * @throws DomainError `not_pending`, with what stands
 */
export function told(attempt: Attempt, standing: Standing, status: 200 | 201): Decided {
  if (standing.decision_id === attempt.decision_id || isSame(attempt, standing))
    return { status, body: decisionAnswer(standing) };
  throw new DomainError('not_pending', standingSentence(standing), { standing: decisionAnswer(standing) });
}
