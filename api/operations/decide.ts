import { randomBytes } from 'node:crypto';
import type { ProposedPatch } from '../../contracts/approval-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { Channel, UnsealedRequest } from '../../domain/approval/record.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Attempt, type Decided, equal, refOf, told } from './decision-attempt.ts';
import { REFUSED } from './decision-refusals.ts';
import { schemaErrors } from './json-schema.ts';
import { awaiting, createSubmit, type SubmitDeps } from './submit-decision.ts';

/** Whether an answer is about the patch that waits for a second approver, in place of what was asked for. */
const isAbout = (proposal: ProposedPatch | undefined, { payload_digest }: Decision): proposal is ProposedPatch =>
  proposal !== undefined && proposal.payload_digest === payload_digest;

/**
 * One approver's answer. Everything the workflow could refuse is checked here first, for the clearer word; the workflow has
 * the last one. The decision's row is written before the message goes out: only a decision with a row counts.
 * @throws DomainError with the resolution when there is one.
 */
export function createDecide(deps: SubmitDeps) {
  const { requests, decisions } = deps;
  const { submit, remindOfOwn, remindOfPatch } = createSubmit(deps);
  return async (
    principal: Principal,
    request_id: string,
    decision: Decision,
    decision_id: string,
    channel: Channel,
  ): Promise<Decided> => {
    const { project_id, owner } = principal;
    const view = await requests.view(project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    const { request, resolution } = view;
    const attempt: Attempt = { decision_id, owner, request, decision };
    if (owner === request.requested_by) throw REFUSED.own_request();
    if (request.metadata.role === 'admin' && principal.role !== 'admin')
      throw new DomainError('forbidden', 'The agent asked for an admin to decide this.');
    if (resolution) {
      const answer = told(attempt, resolution, 200);
      remindOfOwn(attempt, resolution);
      return answer;
    }
    const isAsked = decision.payload_digest === request.payload_digest;
    const proposal =
      isAsked && decision.type !== 'patch' ? undefined : await decisions.proposalOf(project_id, request_id);
    if (!isAsked && (decision.type === 'patch' || !isAbout(proposal, decision))) throw REFUSED.payload_changed();
    if (!isAsked && decision.type === 'approve' && owner === proposal?.by) throw REFUSED.own_patch();
    if (decision.type === 'patch' && proposal?.by === owner && equal(proposal.payload, decision.patched_payload)) {
      await remindOfPatch(attempt, proposal);
      return awaiting(proposal);
    }

    const patch = decision.type === 'patch' ? patched(request, decision.patched_payload) : undefined;
    const { patched_digest } = await decisions.recordDecision(project_id, {
      id: decision_id,
      request_id,
      type: decision.type,
      actor: owner,
      channel,
      payload_digest: decision.payload_digest,
      patched_digest: patch?.patched_digest ?? null,
      ...(decision.type === 'reject' && { reason: decision.reason }),
      ...(patch && { patched_payload: patch.patched_payload, salt: patch.salt }),
    });
    return submit(attempt, refOf(attempt, patched_digest));
  };
}

/** The payload of a patch, with its salt and digest. */
function patched(request: UnsealedRequest, patched_payload: Extract<Decision, { type: 'patch' }>['patched_payload']) {
  if (Object.keys(patched_payload).length === 0) {
    throw new DomainError(
      'patch_refused',
      'An empty patch is refused: published clients would run the original payload. Reject instead.',
    );
  }
  if (equal(patched_payload, request.payload))
    throw new DomainError('invalid_request', 'The patch changes nothing: approve instead.', {
      errors: [{ pointer: '/patched_payload', detail: 'equal to the payload' }],
    });
  const errors = schemaErrors(request.schema, patched_payload);
  if (errors.length > 0)
    throw new DomainError('patch_refused', 'The patched payload does not satisfy the schema of the request.', {
      errors,
    });
  const salt = randomBytes(SALT_BYTES);
  const { service, action } = request;
  return {
    patched_payload,
    salt: saltText(salt),
    patched_digest: payloadDigest(salt, { service, action, payload: patched_payload }, sha256),
  };
}
