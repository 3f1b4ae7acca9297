import type {
  ApprovalRequestDetail,
  ApprovalRequestSummary,
  IngestAnswer,
  ResolutionView,
} from '../../contracts/approval-request.ts';
import type { DecisionAnswer } from '../../contracts/decision.ts';
import type { Claim } from '../../contracts/permit.ts';
import { executedAt } from '../../domain/approval/permit.ts';
import type { HistoryView, RequestView } from '../../domain/approval/ports.ts';
import { type ListedRequest, outcomeOf } from '../../domain/approval/record.ts';
import { wireStatus } from '../../domain/approval/status-answer.ts';
import { timelineOf } from './timeline.ts';

/** The API's answers, made from records. */

const iso = (at: Date | null | undefined) => at?.toISOString() ?? null;

export const ingestAnswer = (
  view: RequestView,
  triage_url: string,
  { schema_ignored, claim }: { schema_ignored?: string | undefined; claim?: Claim | null } = {},
): IngestAnswer => ({
  id: view.request.id,
  status: wireStatus(view.resolution),
  verdict: view.request.verdict,
  findings: view.request.findings,
  held_by: view.request.held_by,
  payload_digest: view.request.payload_digest,
  digest_salt: view.request.salt,
  expires_at: view.request.expires_at.toISOString(),
  triage_url,
  outcome: view.resolution?.outcome ?? null,
  ...(schema_ignored !== undefined && { schema_ignored }),
  ...(claim !== undefined && { claim }),
  uploadUrl: null,
  dek: null,
});

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

export function detailOf(view: HistoryView): ApprovalRequestDetail {
  const { request, resolution } = view;
  return {
    ...summaryOf({ ...request, ledger: null, permit: view.permit }),
    outcome: resolution?.outcome ?? null,
    payload: request.payload,
    ...(request.schema !== undefined && { schema: request.schema }),
    digest_salt: request.salt,
    payload_digest: request.payload_digest,
    findings: request.findings,
    held_by: request.held_by,
    policy_version: request.policy_version,
    metadata: {
      ...request.metadata,
      ...(request.context.untrusted !== undefined && { untrusted: request.context.untrusted }),
    },
    timeline: timelineOf(view),
    decision: resolution ?? null,
    proposed_patch: view.proposal ?? null,
    executed_at: iso(executedAt(view.claims.at(-1))),
  };
}
