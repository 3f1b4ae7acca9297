import type { StandingDecision, StatusAnswer, WireStatus } from '../../contracts/approval-request.ts';
import type { UnsealedRequest } from './record.ts';

/** The outcome that stands, with its receipt. */
export type Standing = StandingDecision & { receipt: string };

/** A request and what stands for it; undefined while it is pending. */
export interface RequestWithStanding {
  request: UnsealedRequest;
  standing: Standing | undefined;
}

/** In the three words of the published protocol. */
export const wireStatus = (standing: Standing | undefined): WireStatus =>
  standing ? (standing.outcome.status === 'approved' ? 'APPROVED' : 'REJECTED') : 'PENDING';

/** The one word or sentence that a published client shows for a rejection. */
export function reasonOf({ request, standing }: RequestWithStanding): string | undefined {
  if (!standing || standing.outcome.status === 'approved') return undefined;
  const { status, cause } = standing.outcome;
  if (cause === 'person') return standing.reason ?? 'rejected';
  if (cause === 'firewall')
    return request.findings[0] ? `${request.findings[0].id}: ${request.findings[0].message}` : 'blocked by policy';
  return status === 'expired' ? 'expired' : cause === 'caller' ? 'cancelled' : cause;
}

/** What whoever asked is told: over HTTP, and a LangGraph thread as the value of its interrupt. */
export function statusAnswer(view: RequestWithStanding): StatusAnswer {
  const { request, standing } = view;
  const shared = {
    id: request.id,
    service: request.service,
    action: request.action,
    status: wireStatus(standing),
    payload: request.payload,
    expires_at: request.expires_at.toISOString(),
    verdict: request.verdict,
    findings: request.findings,
  };
  if (!standing)
    return {
      ...shared,
      metadata: {},
      payload_digest: request.payload_digest,
      digest_salt: request.salt,
      outcome: null,
    };
  const reason = reasonOf(view);
  const resolved = {
    resolved_at: standing.decided_at,
    ...(standing.decided_by !== null && { actor_id: standing.decided_by }),
  };
  return {
    ...shared,
    ...resolved,
    ...(standing.outcome.modified && standing.patched_payload && { patched_payload: standing.patched_payload }),
    metadata: { ...resolved, method: standing.channel, ...(reason !== undefined && { reason }) },
    payload_digest: standing.payload_digest,
    digest_salt: standing.outcome.modified ? (standing.digest_salt ?? request.salt) : request.salt,
    outcome: standing.outcome,
    receipt: standing.receipt,
    ...(reason !== undefined && { reason, rejection_reason: reason }),
  };
}
