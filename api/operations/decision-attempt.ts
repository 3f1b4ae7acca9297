import type { ResolutionView } from '../../contracts/approval-request.ts';
import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import type { DecisionRef } from '../../contracts/workflow.ts';
import type { UnsealedRequest } from '../../domain/approval/record.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { DomainError } from '../../domain/errors.ts';
import { decisionAnswer, resolutionSentence } from './views.ts';

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
export const refOfResolution = (attempt: Attempt, { payload_digest }: ResolutionView): DecisionRef =>
  refOf(attempt, attempt.decision.type === 'patch' ? payload_digest : null);

/** Whether what stands is this very decision of this very person, so that saying it again changes nothing. */
function isSame({ owner, decision, request }: Attempt, resolution: ResolutionView): boolean {
  if (resolution.decided_by !== owner || resolution.type !== decision.type || resolution.outcome.verified === false)
    return false;
  // A rejection is of the request, whichever of its payloads was shown; an approval of what stands, a patch of what was asked for.
  if (decision.type === 'reject') return resolution.reason === decision.reason;
  if (decision.type === 'approve') return resolution.payload_digest === decision.payload_digest;
  return (
    decision.payload_digest === request.payload_digest && equal(resolution.patched_payload, decision.patched_payload)
  );
}

/**
 * What stands, to whoever asked: the same decision is repeated, another is refused.
 * @throws DomainError `not_pending`, with what stands
 */
export function told(attempt: Attempt, resolution: ResolutionView, status: 200 | 201): Decided {
  if (resolution.decision_id === attempt.decision_id || isSame(attempt, resolution))
    return { status, body: decisionAnswer(resolution) };
  throw new DomainError('not_pending', resolutionSentence(resolution), { standing: decisionAnswer(resolution) });
}
