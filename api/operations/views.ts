import type {
  ApprovalRequestDetail,
  ApprovalRequestSummary,
  IngestAnswer,
  ResolutionView,
} from '../../contracts/approval-request.ts';
import type { DecisionAnswer } from '../../contracts/decision.ts';
import type { Claim } from '../../contracts/permit.ts';
import { withPayload } from '../../domain/approval/kept-payload.ts';
import { executedAt } from '../../domain/approval/permit.ts';
import type { HistoryView, RequestView } from '../../domain/approval/ports.ts';
import { type ListedRequest, outcomeOf, type StoredRequest } from '../../domain/approval/record.ts';
import { wireStatus } from '../../domain/approval/status-answer.ts';
import { timelineOf } from './timeline.ts';

/** The API's answers, made from records. */

const iso = (at: Date | null | undefined) => at?.toISOString() ?? null;

export const ingestAnswer = (
  view: RequestView,
  triage_url: string,
  { schema_ignored, claim }: { schema_ignored?: string | undefined; claim?: Claim | null } = {},
): IngestAnswer => {
  const request = withPayload(view.request);
  return {
    id: request.id,
    status: wireStatus(view.resolution),
    verdict: request.verdict,
    findings: request.findings,
    held_by: request.held_by,
    payload_digest: request.payload_digest,
    digest_salt: request.salt,
    expires_at: request.expires_at.toISOString(),
    triage_url,
    outcome: view.resolution?.outcome ?? null,
    ...(schema_ignored !== undefined && { schema_ignored }),
    ...(claim !== undefined && { claim }),
    uploadUrl: null,
    dek: null,
  };
};

export const summaryOf = (row: ListedRequest): ApprovalRequestSummary => ({
  id: row.id,
  service: row.service,
  action: row.action,
  priority: row.priority,
  status: row.status,
  verdict: row.verdict,
  outcome: row.ledger && outcomeOf(row.ledger, row.payload_digest),
  requested_by: row.requested_by,
  thread_id: row.thread_id,
  node: row.node,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
  resolved_at: iso(row.resolved_at),
  permit: row.permit ?? null,
});

export const decisionAnswer = (resolution: ResolutionView): DecisionAnswer => ({
  decision_id: resolution.decision_id ?? '',
  outcome: resolution.outcome,
  decided_by: resolution.decided_by ?? resolution.channel,
  decided_at: resolution.decided_at,
  payload_digest: resolution.payload_digest,
});

/** One sentence for a decision that came too late. */
export const resolutionSentence = ({ outcome, decided_by, decided_at }: ResolutionView): string =>
  `This request is already ${outcome.status}${outcome.modified ? ' with modifications' : ''} (${decided_by === null ? outcome.cause : `by ${decided_by}`}, ${decided_at}).`;

/** What the request's seal contained. After the retention time it is empty: an empty payload has another digest, so nothing can run by it. */
function secretOf(
  request: StoredRequest,
): Pick<ApprovalRequestDetail, 'payload' | 'schema' | 'digest_salt' | 'findings' | 'metadata'> {
  if (request.payload_removed_at) return { payload: {}, digest_salt: '', findings: [], metadata: {} };
  const { payload, schema, salt, findings, metadata, context } = request;
  return {
    payload,
    ...(schema !== undefined && { schema }),
    digest_salt: salt,
    findings,
    metadata: { ...metadata, ...(context.untrusted !== undefined && { untrusted: context.untrusted }) },
  };
}

export function detailOf(view: HistoryView): ApprovalRequestDetail {
  const { request, resolution } = view;
  return {
    ...summaryOf({ ...request, ledger: null, permit: view.permit }),
    outcome: resolution?.outcome ?? null,
    ...secretOf(request),
    payload_digest: request.payload_digest,
    held_by: request.held_by,
    policy_version: request.policy_version,
    payload_removed_at: iso(request.payload_removed_at),
    timeline: timelineOf(view),
    decision: resolution ?? null,
    proposed_patch: view.proposal ?? null,
    executed_at: iso(executedAt(view.claims.at(-1))),
  };
}
