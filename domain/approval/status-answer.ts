import type { ResolutionView, StatusAnswer, WireStatus } from '../../contracts/approval-request.ts';
import { withPayload } from './kept-payload.ts';
import type { StoredRequest, UnsealedRequest } from './record.ts';

/** A request, its resolution and the receipt of that; both undefined while it is pending. */
export interface RequestWithResolution {
  request: StoredRequest;
  resolution: ResolutionView | undefined;
  receipt: string | undefined;
}

/** In the three words of the published protocol. */
export const wireStatus = (resolution: ResolutionView | undefined): WireStatus =>
  resolution ? (resolution.outcome.status === 'approved' ? 'APPROVED' : 'REJECTED') : 'PENDING';

/** The one word or sentence that a published client shows for a rejection. */
function reasonOf(request: UnsealedRequest, resolution: ResolutionView | undefined): string | undefined {
  if (!resolution || resolution.outcome.status === 'approved') return undefined;
  const { status, cause } = resolution.outcome;
  if (cause === 'person') return resolution.reason ?? 'rejected';
  if (cause === 'firewall')
    return request.findings[0] ? `${request.findings[0].id}: ${request.findings[0].message}` : 'blocked by policy';
  return status === 'expired' ? 'expired' : cause === 'caller' ? 'cancelled' : cause;
}

/**
 * The answer to the caller: over HTTP, and in a LangGraph thread as the value of its interrupt. The published protocol has no state for a
 * payload that was removed: without the patch that was approved, a client would run the original.
 * @throws DomainError `payload_removed`
 */
export function statusAnswer(view: RequestWithResolution): StatusAnswer {
  const { resolution, receipt } = view;
  const request = withPayload(view.request);
  const shared = {
    id: request.id,
    service: request.service,
    action: request.action,
    status: wireStatus(resolution),
    payload: request.payload,
    expires_at: request.expires_at.toISOString(),
    verdict: request.verdict,
    findings: request.findings,
  };
  if (!resolution)
    return {
      ...shared,
      metadata: {},
      payload_digest: request.payload_digest,
      digest_salt: request.salt,
      outcome: null,
    };
  const reason = reasonOf(request, resolution);
  const resolved = {
    resolved_at: resolution.decided_at,
    ...(resolution.decided_by !== null && { actor_id: resolution.decided_by }),
  };
  return {
    ...shared,
    ...resolved,
    ...(resolution.outcome.modified && resolution.patched_payload && { patched_payload: resolution.patched_payload }),
    metadata: { ...resolved, method: resolution.channel, ...(reason !== undefined && { reason }) },
    payload_digest: resolution.payload_digest,
    digest_salt: resolution.outcome.modified ? (resolution.digest_salt ?? request.salt) : request.salt,
    outcome: resolution.outcome,
    ...(receipt !== undefined && { receipt }),
    ...(reason !== undefined && { reason, rejection_reason: reason }),
  };
}
