import type { ActionContext } from '../../contracts/action.ts';
import type { ListQuery, ProposedPatch } from '../../contracts/approval-request.ts';
import type { Permit } from '../../contracts/permit.ts';
import type { PolicyVersion } from '../../contracts/policy.ts';
import type { Statement } from '../../contracts/receipt.ts';
import type { Finding, PatchScreening } from '../../contracts/verdict.ts';
import type { DecisionRef, DeliveryRef, RequestRef, Settled } from '../../contracts/workflow.ts';
import type { ForgedRow } from './forged-row.ts';
import type { Incident, IncidentKind } from './incident.ts';
import type { ClaimRecord } from './permit.ts';
import type {
  CancellationRecord,
  DecisionRecord,
  EmptiedRequest,
  LedgerRecord,
  ListedRequest,
  NewRequest,
  RecordedRequest,
  RequestRecord,
  UnsealedDecision,
  UnsealedRequest,
} from './record.ts';
import type { RequestWithResolution } from './status-answer.ts';

/** What the rules' callers need from storage, cut by consumer. Each call is one transaction inside its project. */

export interface RequestView extends RequestWithResolution {
  /** Oldest first; none unless it was approved. */
  claims: readonly ClaimRecord[];
  /** Undefined unless it was approved. */
  permit: Permit | undefined;
}

export interface RequestReader {
  view(project_id: string, id: string): Promise<RequestView | undefined>;
}

export interface HistoryView extends RequestView {
  decisions: DecisionRecord[];
  /** The patch that waits for a second approver. */
  proposal: ProposedPatch | undefined;
  incidents: Incident[];
}

export interface HistoryReader {
  history(project_id: string, id: string): Promise<HistoryView | undefined>;
}

/** `after` is the last row of the page before; `agent` narrows to what an agent's key sees (`maySee`). */
export type RequestQuery = ListQuery & {
  agent?: { owner: string; services: readonly string[] | null } | undefined;
  after?: { created_at: string; id: string } | undefined;
};

/** `next`: the `after` of the next page; undefined at the end. */
export interface ListedRequests {
  items: ListedRequest[];
  /** Rows of this page that are not authentic. They are left out. */
  refused: ForgedRow[];
  next: { created_at: Date; id: string } | undefined;
}

export interface RequestLister {
  /** A page, newest first. One row that is not authentic does not hide the others. */
  list(project_id: string, query: RequestQuery): Promise<ListedRequests>;
}

/** The requests of the last `since_ms`, newest first. `after` is the last one of the batch before. */
export interface RecordedSpan {
  since_ms: number;
  limit: number;
  after?: { created_at: Date; id: string } | undefined;
}

export interface RecordedReader {
  /** Requests with the payload and context that they were screened with; some may be without, after their retention time. */
  recorded(project_id: string, span: RecordedSpan): Promise<(RecordedRequest | EmptiedRequest)[]>;
}

/** The last requests of one agent in one thread. */
export interface ThreadSpan {
  thread_id: string;
  requested_by: string;
  limit: number;
}

export interface ThreadContextReader {
  /** The contexts that these requests were screened with, newest first. One that was removed counts as having every label. */
  threadContexts(project_id: string, span: ThreadSpan): Promise<ActionContext[]>;
}

export interface CancellationStore {
  /** Written once per request: the first is kept. False when the deadline had passed, and nothing was written. */
  recordCancellation(project_id: string, request_id: string, requested_by: string): Promise<boolean>;
}

/** A request whose permit is locked: nobody else claims it, ends its claim or closes it meanwhile. */
export interface LockedPermit {
  view: RequestView;
  /** The database's clock, whole milliseconds. */
  now: Date;
  /** False, and nothing written, when another version of the policy is in force. Without a version any may be. */
  claim(claim: ClaimRecord, policy_version?: number): Promise<boolean>;
  /** Writes how the newest claim ended, or how it was closed. */
  update(claim: ClaimRecord): Promise<void>;
  incident(kind: IncidentKind, by: string): Promise<void>;
}

export interface PermitStore {
  /** One transaction, rolled back if `work` throws. Undefined: there is no such request. */
  locked<T>(project_id: string, request_id: string, work: (permit: LockedPermit) => Promise<T>): Promise<T | undefined>;
  /** What the screening of the patch with this digest found; empty if there is no such patch. */
  patchFindings(project_id: string, request_id: string, patched_digest: string): Promise<Finding[]>;
}

export interface WorkflowStartStore {
  /** Temporal has the workflow of this request. */
  markStarted(ref: RequestRef): Promise<void>;
}

/** What a request is screened by, as last read: up to 5 s old. */
export interface ScreeningBasis {
  inForce: PolicyVersion;
  /** The database's clock, derived from this process's monotonic one. */
  now(): Date;
}

/** The outcome of a request that the firewall closes when it opens. */
export interface FirewallOutcome {
  request: UnsealedRequest;
  ledger: LedgerRecord;
}

export interface OpenRequestStore extends RecordedReader, ThreadContextReader {
  screeningBasis(project_id: string): Promise<ScreeningBasis>;
  /**
   * Writes a request, with its outcome and a claim of its permit if there are such, in one transaction. `exists`: an earlier attempt wrote this id; `view` is
   * what it wrote. `policy_changed`: nothing was written, since another policy version than the request's is in force, or
   * `now` was not the database's clock. The next `screeningBasis` reads both again.
   */
  insert(
    project_id: string,
    request: NewRequest,
    now: Date,
    outcome: FirewallOutcome | undefined,
    claim?: ClaimRecord,
  ): Promise<{ state: 'written' | 'exists'; view: RequestView } | { state: 'policy_changed' }>;
}

/** What the activity `screen` reads and writes. */
export interface ScreenStore {
  /** The clear columns of a request: nothing is unsealed. */
  terms(ref: RequestRef): Promise<RequestRecord | undefined>;
  request(ref: RequestRef): Promise<UnsealedRequest | undefined>;
  decision(ref: RequestRef, decision_id: string): Promise<UnsealedDecision | undefined>;
  policy(project_id: string): Promise<PolicyVersion>;
  /** Written once: a repeat returns the first screening of the patch. */
  recordScreening(
    ref: RequestRef,
    decision_id: string,
    screening: PatchScreening,
    findings: Finding[],
  ): Promise<PatchScreening>;
}

/** A pending request whose row is locked for settling. */
export interface LedgerEntry {
  request: RequestRecord;
  /** The database's clock, whole milliseconds. */
  now: Date;
  decision(id: string): Promise<DecisionRecord | undefined>;
  /** The patch that waits for a second approver: the one that was screened last. */
  proposal(): Promise<DecisionRecord | undefined>;
  cancellation(): Promise<CancellationRecord | undefined>;
  /** Writes ledger, receipt, projection and outbox together; returns the ids of the deliveries. */
  write(row: Omit<LedgerRecord, 'request_id'>): Promise<string[]>;
}

export interface Ledger {
  /** One transaction. `work` runs only while the request has no resolution; otherwise the ledger's is returned. Undefined: no such request. */
  settleOnce(ref: RequestRef, work: (entry: LedgerEntry) => Promise<Settled>): Promise<Settled | undefined>;
}

/** What an incident concerns: a request, or the project as a whole. */
export interface IncidentRef {
  project_id: string;
  request_id: string | null;
}

/** Alarms are transactions of their own: a refusal rolls its transaction back. */
export interface IncidentStore {
  /** At most one per request and kind a minute, so that a loop of forgeries does not fill the table. */
  report(ref: IncidentRef, kind: IncidentKind): Promise<void>;
}

export interface StatementSigner {
  sign(statement: Statement): Promise<string>;
}

/** Rows of several projects. What is refused, such as a row that is not authentic, does not stop the others. */
export interface Scanned<Row> {
  rows: Row[];
  refused: { project_id: string; error: unknown }[];
}

/** `next` is the `after` of the next batch; undefined at the end. */
export type UnstartedRequests = Scanned<RequestRecord> & { next: { created_at: string; id: string } | undefined };

/** What the reconciler starts. */
export interface ReconcileStore extends WorkflowStartStore {
  unstartedRequests(limit: number, after: UnstartedRequests['next']): Promise<UnstartedRequests>;
  unstartedDeliveries(limit: number, olderThanMs: number): Promise<DeliveryRef[]>;
}

/** A request with an outcome, and the decision behind it when a person made it through the API. */
export interface ClosedRequest {
  ref: RequestRef;
  decision: DecisionRef | undefined;
}

/** What the reconciler compares with Temporal. `graceMs`: younger rows may be in progress and are left out. */
export interface WorkflowScanStore {
  /** Of these requests, those with an outcome. */
  closedAmong(request_ids: string[], graceMs: number): Promise<Scanned<ClosedRequest>>;
  /** Started and without an outcome, by id. */
  unsettled(after: string, limit: number, graceMs: number): Promise<RequestRef[]>;
  /** The request, unless the ledger has its outcome by now. */
  unsettledRequest(ref: RequestRef): Promise<RequestRecord | undefined>;
  /** The repaired requests. */
  repairProjections(after: string, limit: number): Promise<Scanned<RequestRef> & { next: string | undefined }>;
}

/** What people did in time and nobody has settled, oldest first. */
export type UnsettledAct =
  | { kind: 'decision'; decision: DecisionRecord }
  | { kind: 'cancellation'; cancellation: CancellationRecord };

/** `next` is the `after` of the next batch; undefined at the end. */
export type DueRequests = Scanned<RequestRecord> & { next: { expires_at: string; id: string } | undefined };

/** What the watcher looks for, in the database only. */
export interface WatchStore {
  /** Requests without an outcome whose deadline passed `graceMs` ago, earliest first. */
  due(graceMs: number, limit: number, after: DueRequests['next']): Promise<DueRequests>;
  /** Requests before their deadline with an acknowledged decision or a cancellation that is older than `ageMs`, and without an outcome. */
  waiting(ageMs: number, limit: number): Promise<RequestRef[]>;
  /** The request with what is unsettled of it; undefined when the ledger has its outcome. */
  unsettled(ref: RequestRef): Promise<{ request: RequestRecord; acts: UnsettledAct[] } | undefined>;
  /** The patch that waits for a second approver. */
  proposal(ref: RequestRef): Promise<DecisionRecord | undefined>;
  /** The request is known by this kind of incident. */
  hasIncident(ref: RequestRef, kind: IncidentKind): Promise<boolean>;
  sendBack(ref: RequestRef, decision_id: string): Promise<void>;
  /** Claims whose claimants are silent, and of which no incident tells. */
  silentClaims(limit: number): Promise<RequestRef[]>;
  /** Stores the incident of one, and notifies. False: another process has, or the claimant has spoken. */
  reportSilent(ref: RequestRef): Promise<boolean>;
  /** The project of a request; undefined for an unknown id. */
  refOf(request_id: string): Promise<RequestRef | undefined>;
  /** Some of the requests whose workflows started last, of all projects. */
  lastStarted(limit: number): Promise<string[]>;
}

/** What the worker removes when its time is over. */
export interface RetentionStore {
  /** Projects in which a retention time was set, also if it was taken back since. */
  projects(): Promise<string[]>;
  /** Null: payloads are kept without a limit. Throws if the administrative acts of the project are not complete. */
  days(project_id: string): Promise<number | null>;
  /** One batch, oldest first. `next` is the `after` of the next one; undefined at the end. */
  removePayloads(
    project_id: string,
    days: number,
    limit: number,
    after: { created_at: string; id: string } | undefined,
  ): Promise<{
    removed: number;
    refused: Scanned<never>['refused'];
    next: { created_at: string; id: string } | undefined;
  }>;
  /** Idempotency keys that are older than 24 hours; returns how many it removed. */
  removeExpiredKeys(limit: number): Promise<number>;
}

/** Unfinished work over all projects, for the metrics. */
export interface Backlog {
  /** Requests without an outcome. */
  pending: number;
  /** Age of the oldest delivery that was not started; 0 when there is none. */
  outbox_oldest_seconds: number;
}
