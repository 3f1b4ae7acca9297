import type {
  ApprovalRequestDetail,
  ApprovalRequestSummary,
  IngestAnswer,
  TimelineEntry,
} from '../../contracts/approval-request.ts';
import type { DecisionAnswer } from '../../contracts/decision.ts';
import { outcomeOf } from '../../domain/approval/record.ts';
import { type Standing, wireStatus } from '../../domain/approval/status-answer.ts';
import type { HistoryView, ListedRow, RequestView } from '../ports.ts';
import { decisionEntries } from './decision-entries.ts';

/** What the API answers, made from what stands. */

const iso = (at: Date | null | undefined) => at?.toISOString() ?? null;

export const ingestAnswer = (view: RequestView, triage_url: string, schema_ignored?: string): IngestAnswer => ({
  id: view.request.id,
  status: wireStatus(view.standing),
  verdict: view.request.verdict,
  findings: view.request.findings,
  held_by: view.request.held_by,
  payload_digest: view.request.payload_digest,
  digest_salt: view.request.salt,
  expires_at: view.request.expires_at.toISOString(),
  triage_url,
  outcome: view.standing?.outcome ?? null,
  ...(schema_ignored !== undefined && { schema_ignored }),
  uploadUrl: null,
  dek: null,
});

export const summaryOf = (row: ListedRow): ApprovalRequestSummary => ({
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
});

export const decisionAnswer = (standing: Standing): DecisionAnswer => ({
  decision_id: standing.decision_id ?? '',
  outcome: standing.outcome,
  decided_by: standing.decided_by ?? standing.channel,
  decided_at: standing.decided_at,
  payload_digest: standing.payload_digest,
});

/** One sentence for whoever came too late. */
export const standingSentence = ({ outcome, decided_by, decided_at }: Standing): string =>
  `This request is already ${outcome.status}${outcome.modified ? ' with modifications' : ''} (${decided_by === null ? outcome.cause : `by ${decided_by}`}, ${decided_at}).`;

const INCIDENTS: Record<string, string> = {
  forged_decision: 'A decision that was never made through the API reached the workflow; the request was closed.',
  digest_mismatch: 'The agent reported the execution of another payload than the approved one.',
  executed_twice: 'The agent reported a second execution.',
};

function timelineOf(view: HistoryView): TimelineEntry[] {
  const { request, standing, incidents } = view;
  const opened = request.created_at.toISOString();
  const findings = request.findings.map(({ id }) => id).join(', ');
  const entries: TimelineEntry[] = [
    {
      event: 'requested',
      at: opened,
      by: request.requested_by,
      detail: `${request.service} wants to run ${request.action}.`,
    },
    {
      event: 'screened',
      at: opened,
      by: null,
      detail: findings ? `The firewall found ${findings}.` : 'The firewall found nothing.',
    },
  ];
  if (request.verdict === 'hold') {
    entries.push({
      event: 'held',
      at: opened,
      by: null,
      detail: request.held_by === 'policy' ? 'The policy wants a person to look.' : 'Held for a person to decide.',
    });
  }
  entries.push(...decisionEntries(view));
  if (standing) {
    const { status, cause, modified } = standing.outcome;
    entries.push({
      event: 'resolved',
      at: standing.decided_at,
      by: standing.decided_by,
      detail: `${status}${modified ? ' with modifications' : ''}, cause ${cause}, through ${standing.channel}.`,
    });
  }
  if (view.executed_at)
    entries.push({
      event: 'executed',
      at: view.executed_at.toISOString(),
      by: view.executed_by ?? null,
      detail: 'The agent ran exactly what was approved.',
    });
  for (const incident of incidents) {
    entries.push({
      event: 'incident',
      at: incident.created_at.toISOString(),
      by: incident.reported_by,
      detail: INCIDENTS[incident.kind] ?? incident.kind,
    });
  }
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

export function detailOf(view: HistoryView): ApprovalRequestDetail {
  const { request, standing } = view;
  const { receipt: _receipt, ...decision } = standing ?? { receipt: '' };
  return {
    ...summaryOf({ ...request, ledger: null }),
    outcome: standing?.outcome ?? null,
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
    decision: standing ? (decision as ApprovalRequestDetail['decision']) : null,
    proposed_patch: view.proposal ?? null,
    executed_at: iso(view.executed_at),
  };
}
