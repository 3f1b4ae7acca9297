import type { ActionContext, ContextTrust, IngestMetadata, Priority } from '../../contracts/action.ts';
import type { RequestStatus } from '../../contracts/approval-request.ts';
import type { Cause, Outcome, OutcomeStatus } from '../../contracts/decision.ts';
import type { DecisionType } from '../../contracts/decision-type.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Permit } from '../../contracts/permit.ts';
import type { Finding, HeldBy, PatchScreening, Verdict } from '../../contracts/verdict.ts';
import type { Resolution } from '../../contracts/workflow.ts';

/** The clear columns of a request. */
export interface RequestRecord {
  id: string;
  project_id: string;
  service: string;
  action: string;
  priority: Priority;
  status: RequestStatus;
  verdict: Verdict;
  held_by: HeldBy | null;
  finding_ids: string[];
  requested_by: string;
  key_id: string;
  thread_id: string | null;
  node: string | null;
  payload_digest: string;
  policy_version: number;
  policy_digest: string;
  accept_unsigned_signals: boolean;
  created_at: Date;
  expires_at: Date;
  resolved_at: Date | null;
}

/** The sealed part of a request. */
export interface RequestSecret {
  payload: JsonObject;
  /** base64url */
  salt: string;
  schema?: unknown;
  metadata: IngestMetadata & Record<string, unknown>;
  context: ActionContext;
  /** The trust of the key that carried the context. Absent: `tighten_only`. */
  context_trust?: Extract<ContextTrust, 'full'>;
  findings: Finding[];
}

export type UnsealedRequest = RequestRecord & RequestSecret & { payload_removed_at?: undefined };

/** A closed request after its retention time: its terms and its outcome remain. */
export type EmptiedRequest = RequestRecord & { payload_removed_at: Date };

/** A request as it is read. */
export type StoredRequest = UnsealedRequest | EmptiedRequest;

/** A request to open. */
export type NewRequest = Omit<RequestRecord, 'project_id' | 'status' | 'created_at' | 'expires_at' | 'resolved_at'> &
  RequestSecret & { expires_in_ms: number };

/** What the firewall needs to screen a recorded request again, or to count it. */
export type RecordedRequest = Pick<
  RequestRecord,
  'id' | 'service' | 'action' | 'verdict' | 'requested_by' | 'created_at'
> &
  Pick<RequestSecret, 'payload' | 'context' | 'context_trust'> & { payload_removed_at?: undefined };

/** A row of a list: nothing unsealed. */
export type ListedRequest = RequestRecord & {
  ledger: Pick<LedgerRecord, 'status' | 'cause' | 'payload_digest' | 'verified'> | null;
  /** Of an approved request. */
  permit: Permit | undefined;
};

/** The clear columns of a decision. */
export interface DecisionRecord {
  id: string;
  request_id: string;
  type: DecisionType;
  actor: string;
  channel: Channel;
  /** Who made the key that the actor used, where another person did. */
  key_made_by: string | null;
  payload_digest: string;
  patched_digest: string | null;
  created_at: Date;
  /** Of a patch only; null until it was screened. Written once. */
  screening: PatchScreening | null;
  screened_at: Date | null;
  /** The workflow refused it, and its author was told so: it never counts. */
  sent_back_at: Date | null;
  /** When its reason or patch was removed, after the retention time of its request. */
  payload_removed_at: Date | null;
}

/** A cancellation through the api, written before its message is sent. One per request: the first is kept. */
export interface CancellationRecord {
  request_id: string;
  cause: 'caller';
  /** Owner of the key. */
  requested_by: string;
  created_at: Date;
}

/** The sealed part of a decision. */
export interface DecisionSecret {
  reason?: string;
  patched_payload?: JsonObject;
  /** Of the patched digest, base64url. */
  salt?: string;
}
export type UnsealedDecision = DecisionRecord & DecisionSecret;
/** A decision to record. The database sets its time; its screening is written later. */
export type NewDecision = Omit<
  UnsealedDecision,
  'created_at' | 'screening' | 'screened_at' | 'sent_back_at' | 'payload_removed_at'
>;

export const CHANNELS = ['console', 'cli', 'api', 'signal', 'firewall', 'deadline', 'caller', 'watcher'] as const;
/** The channel that the outcome came through. */
export type Channel = (typeof CHANNELS)[number];

/** The ledger's row: the resolution of a request, final once written. */
export interface LedgerRecord {
  request_id: string;
  status: OutcomeStatus;
  cause: Cause;
  payload_digest: string;
  decision_id: string | null;
  actor: string | null;
  channel: Channel;
  verified: boolean;
  resolved_at: Date;
  receipt: string;
}

/** The ledger's row as the workflow receives it. */
export const asResolution = (row: Omit<LedgerRecord, 'request_id' | 'resolved_at' | 'receipt'>): Resolution => ({
  status: row.status,
  cause: row.cause,
  payload_digest: row.payload_digest,
  ...(row.decision_id !== null && { decision_id: row.decision_id }),
  ...(row.actor !== null && { actor: row.actor }),
  ...(row.cause === 'person' && { verified: row.verified }),
});

/** The outcome as readers see it. `modified`: another payload than the requested one may run. */
export const outcomeOf = (
  row: Pick<LedgerRecord, 'status' | 'cause' | 'payload_digest' | 'verified'>,
  requested_digest: string,
): Outcome => ({
  status: row.status,
  cause: row.cause,
  ...(row.status === 'approved' && row.payload_digest !== requested_digest && { modified: true as const }),
  ...(row.cause === 'person' && !row.verified && { verified: false as const }),
});
