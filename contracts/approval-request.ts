import { z } from 'zod/v4';
import { Priority } from './action.ts';
import { OUTCOME_STATUSES, Outcome } from './decision.ts';
import { DECISION_TYPES } from './decision-type.ts';
import { JsonObject, PayloadDigest } from './json.ts';
import { Claim, Permit } from './permit.ts';
import { Text } from './text.ts';
import { Finding, HeldBy, Verdict } from './verdict.ts';

export const REQUEST_STATUSES = ['pending', ...OUTCOME_STATUSES] as const;
export const RequestStatus = z.enum(REQUEST_STATUSES);
export type RequestStatus = z.infer<typeof RequestStatus>;

/** The three words of the published protocol. */
export const WireStatus = z.enum(['PENDING', 'APPROVED', 'REJECTED']);
export type WireStatus = z.infer<typeof WireStatus>;

/** 201 of `POST /api/ingest`. `uploadUrl` and `dek` are always null here. */
export const IngestAnswer = z
  .object({
    id: z.string(),
    status: WireStatus,
    verdict: Verdict,
    findings: z.array(Finding),
    held_by: HeldBy.nullable(),
    payload_digest: PayloadDigest,
    digest_salt: z.string().meta({ description: '32 random bytes, base64url' }),
    expires_at: z.string(),
    triage_url: z.string(),
    outcome: Outcome.nullable(),
    schema_ignored: z.string().optional().meta({ description: 'Why the given schema is not used' }),
    claim: Claim.nullable().optional().meta({
      description: 'The newest claim, where the caller asked for one: its own if `token_sha256` is that of its token',
    }),
    uploadUrl: z.null(),
    dek: z.null(),
  })
  .meta({ id: 'IngestAnswer', title: 'IngestAnswer' });
export type IngestAnswer = z.infer<typeof IngestAnswer>;

/** 200 of `GET /api/status/{id}`. `patched_payload` is present only when a person changed the payload. */
export const StatusAnswer = z
  .object({
    id: z.string(),
    service: z.string(),
    action: z.string(),
    status: WireStatus,
    payload: JsonObject,
    patched_payload: JsonObject.optional(),
    metadata: z.record(z.string(), z.unknown()),
    payload_digest: PayloadDigest.meta({ description: 'Of what may run: of the patched payload after a patch' }),
    digest_salt: z.string().meta({ description: 'Salt of `payload_digest`' }),
    expires_at: z.string(),
    verdict: Verdict.optional().meta({ description: 'The verdict when the request opened' }),
    findings: z
      .array(Finding)
      .optional()
      .meta({ description: 'The findings when the request opened, as in the answer to the ingest' }),
    outcome: Outcome.nullable(),
    resolved_at: z.string().optional(),
    actor_id: z.string().optional(),
    receipt: z.string().optional().meta({ description: 'Compact JWS of the outcome' }),
    reason: z.string().optional(),
    rejection_reason: z.string().optional(),
    permit: Permit.optional().meta({ description: 'Of an approved request: whether it was claimed and executed' }),
  })
  .meta({ id: 'StatusAnswer', title: 'StatusAnswer' });
export type StatusAnswer = z.infer<typeof StatusAnswer>;

export const ApprovalRequestSummary = z
  .object({
    id: z.string(),
    service: z.string(),
    action: z.string(),
    priority: Priority,
    status: RequestStatus,
    verdict: Verdict,
    outcome: Outcome.nullable(),
    requested_by: z.string(),
    thread_id: z.string().nullable(),
    node: z.string().nullable(),
    created_at: z.string(),
    expires_at: z.string(),
    resolved_at: z.string().nullable(),
    permit: Permit.nullable().meta({ description: 'Of an approved request' }),
  })
  .meta({ id: 'ApprovalRequestSummary', title: 'ApprovalRequestSummary' });
export type ApprovalRequestSummary = z.infer<typeof ApprovalRequestSummary>;

export const TIMELINE_EVENTS = [
  'requested',
  'screened',
  'held',
  'decision_recorded',
  'patch_proposed',
  'patch_refused',
  'resolved',
  'claimed',
  'executed',
  'not_run',
  'failed',
  'closed',
  'incident',
  'payload_removed',
] as const;
export const TimelineEntry = z
  .object({
    event: z.enum(TIMELINE_EVENTS),
    at: z.string(),
    by: z.string().nullable(),
    detail: z.string().meta({ description: 'One plain sentence' }),
  })
  .meta({ id: 'TimelineEntry', title: 'TimelineEntry' });
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** How a request ended, as its reader sees it. A Signal of a team's bot has no reason and no patch. */
export const ResolutionView = z
  .object({
    decision_id: z.string().nullable(),
    type: z.enum(DECISION_TYPES).nullable(),
    decided_by: z.string().nullable(),
    decided_at: z.string(),
    channel: z.string(),
    outcome: Outcome,
    reason: z.string().optional(),
    patched_payload: JsonObject.optional(),
    patched_by: z.string().optional().meta({ description: 'The author of the patch, when another person approved it' }),
    digest_salt: z.string().optional().meta({ description: 'Salt of the patched digest' }),
    payload_digest: PayloadDigest,
  })
  .meta({ id: 'ResolutionView', title: 'ResolutionView' });
export type ResolutionView = z.infer<typeof ResolutionView>;

/** A patch that waits for a second approver: another person than `by` approves it by its `payload_digest`. */
export const ProposedPatch = z
  .object({
    decision_id: z.string(),
    by: z.string(),
    at: z.string(),
    payload: JsonObject,
    payload_digest: PayloadDigest,
    digest_salt: z.string(),
    findings: z.array(Finding).meta({ description: 'Findings that the original payload does not have' }),
  })
  .meta({ id: 'ProposedPatch', title: 'ProposedPatch' });
export type ProposedPatch = z.infer<typeof ProposedPatch>;

export const ApprovalRequestDetail = ApprovalRequestSummary.extend({
  payload: JsonObject,
  payload_removed_at: z.string().nullable().meta({
    description:
      'When payload, salt, findings and metadata were removed, after the retention time: they are empty then. Terms, outcome and receipt remain',
  }),
  schema: z.unknown().optional(),
  digest_salt: z.string(),
  payload_digest: PayloadDigest,
  findings: z.array(Finding),
  held_by: HeldBy.nullable(),
  policy_version: z.int(),
  metadata: z.record(z.string(), z.unknown()),
  timeline: z.array(TimelineEntry),
  decision: ResolutionView.nullable(),
  proposed_patch: ProposedPatch.nullable().meta({
    description: 'The patch that waits for a second approver; null for an agent, and once the request is closed',
  }),
  executed_at: z.string().nullable(),
}).meta({ id: 'ApprovalRequestDetail', title: 'ApprovalRequestDetail' });
export type ApprovalRequestDetail = z.infer<typeof ApprovalRequestDetail>;

export const ListQuery = z.strictObject({
  status: RequestStatus.optional(),
  service: Text.max(200).optional(),
  action: Text.max(200).optional(),
  thread_id: Text.max(512).optional(),
  permit: z.literal('unknown').optional().meta({ description: 'Approved requests whose result is unknown' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: Text.max(200).optional(),
});
export type ListQuery = z.infer<typeof ListQuery>;

export const ApprovalRequestPage = z
  .object({
    items: z.array(ApprovalRequestSummary),
    not_authentic: z
      .int()
      .nonnegative()
      .meta({ description: 'Requests of this page that are left out, because their rows fail the authenticity check' }),
    next: z.string().nullable(),
  })
  .meta({ id: 'ApprovalRequestPage', title: 'ApprovalRequestPage' });
export type ApprovalRequestPage = z.infer<typeof ApprovalRequestPage>;

export const ExecutedBody = z
  .strictObject({ payload_digest: PayloadDigest })
  .meta({ id: 'ExecutedBody', title: 'ExecutedBody' });
export type ExecutedBody = z.infer<typeof ExecutedBody>;
export const ExecutedAnswer = z
  .object({ id: z.string(), payload_digest: PayloadDigest, executed_at: z.string() })
  .meta({ id: 'ExecutedAnswer', title: 'ExecutedAnswer' });
export type ExecutedAnswer = z.infer<typeof ExecutedAnswer>;

export const CancelAnswer = z
  .object({
    id: z.string(),
    outcome: Outcome.nullable().meta({ description: 'null: the cancellation is requested and not yet in effect' }),
  })
  .meta({ id: 'CancelAnswer', title: 'CancelAnswer' });
export type CancelAnswer = z.infer<typeof CancelAnswer>;
