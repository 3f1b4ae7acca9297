import type { Client } from '@temporalio/client';
import type { LedgerEntry, WorkflowDirectory, WorkflowStarter } from '../activities/ports.ts';
import type { ActionContext } from '../contracts/action.ts';
import type { ListQuery, ProposedPatch } from '../contracts/approval-request.ts';
import type { ApiKey, CreateKeyBody, Role } from '../contracts/key.ts';
import type { Policy, PolicyVersion } from '../contracts/policy.ts';
import type { PolicyChange, PolicyLog } from '../contracts/policy-change.ts';
import type { Finding } from '../contracts/verdict.ts';
import type { Settled } from '../contracts/workflow.ts';
import type {
  DecisionRecord,
  LedgerRecord,
  NewDecision,
  RequestRecord,
  RequestSecret,
  UnsealedRequest,
} from '../domain/approval/record.ts';
import type { RequestWithStanding } from '../domain/approval/status-answer.ts';

/** A request to be opened; the database fixes its times. */
export type OpenedRequest = Omit<RequestRecord, 'project_id' | 'status' | 'created_at' | 'expires_at' | 'resolved_at'> &
  RequestSecret & { expires_in_ms: number };

/** What an api counts (`runtime/metrics.ts`). */
export interface Counts {
  opened(verdict: RequestRecord['verdict']): void;
  decided(request: RequestRecord, row: Omit<LedgerRecord, 'request_id'>): void;
  answered(method: string, route: string, status: number, seconds: number): void;
}

/** `activities/settle.ts`, given an outcome. */
export type SettleWork = (entry: LedgerEntry) => Promise<Settled>;

/** What a project asked before, newest first. */
export type ReadEarlier = (span: { since_ms: number; limit: number }) => Promise<EarlierCall[]>;
export type EarlierCall = Pick<UnsealedRequest, 'service' | 'action' | 'payload' | 'requested_by' | 'created_at'>;

/** The contexts that an agent's last requests in a thread were judged with, newest first. */
export type ReadThread = (span: { thread_id: string; requested_by: string; limit: number }) => Promise<ActionContext[]>;

/** What the policy in force makes of an action: the request, and when nobody has to look, how it is settled at once. Asked again when the policy changed meanwhile. */
export type Judge = (
  policy: PolicyVersion,
  readEarlier: ReadEarlier,
  readThread: ReadThread,
) =>
  | { request: OpenedRequest; settle?: SettleWork | undefined }
  | Promise<{ request: OpenedRequest; settle?: SettleWork | undefined }>;

/** All that a reader may be shown of one request. */
export interface RequestView extends RequestWithStanding {
  executed_at: Date | undefined;
}

export interface HistoryView extends RequestView {
  decisions: DecisionRecord[];
  /** The patch that waits for a second approver. */
  proposal: ProposedPatch | undefined;
  incidents: { kind: string; reported_by: string | null; created_at: Date }[];
  executed_by: string | undefined;
}

/** A request as it was judged when it opened. */
export type RecordedRequest = Pick<RequestRecord, 'id' | 'service' | 'action' | 'verdict' | 'created_at'> &
  Pick<RequestSecret, 'payload' | 'context'>;

export type ListedRow = RequestRecord & {
  ledger: Pick<LedgerRecord, 'status' | 'cause' | 'payload_digest' | 'verified'> | null;
};

/** What the operations need from PostgreSQL, each call one transaction inside the project. Implemented by storage/. */
export interface ApprovalStore {
  policy(project_id: string): Promise<PolicyVersion>;
  /** `compare` is given the version that it follows, inside the transaction, and throws when it may not follow it. */
  putPolicy(
    project_id: string,
    policy: Policy,
    by: string,
    compare: (before: PolicyVersion) => Pick<PolicyChange, 'reason' | 'loosenings'>,
  ): Promise<PolicyVersion>;
  policyLog(project_id: string, limit: number, before: number | undefined): Promise<PolicyLog>;
  /** A batch of what was judged in the last `since_ms`, newest first, `after` the last one of the batch before. */
  recorded(
    project_id: string,
    span: { since_ms: number; limit: number; after?: { created_at: Date; id: string } | undefined },
  ): Promise<RecordedRequest[]>;
  /** Gives the policy in force to `judge` and writes what it answers, in one transaction; returns what stands under that id. */
  open(project_id: string, judge: Judge): Promise<RequestView>;
  view(project_id: string, id: string): Promise<RequestView | undefined>;
  history(project_id: string, id: string): Promise<HistoryView | undefined>;
  list(
    project_id: string,
    query: ListQuery & { key_id?: string | undefined; after?: { created_at: string; id: string } | undefined },
  ): Promise<ListedRow[]>;
  markStarted(project_id: string, id: string): Promise<void>;
  /** The first under one id stands; its patch is returned. */
  recordDecision(project_id: string, decision: NewDecision): Promise<Pick<DecisionRecord, 'patched_digest'>>;
  /** The patch that waits for a second approver, should the request still be pending. */
  proposalOf(project_id: string, request_id: string): Promise<ProposedPatch | undefined>;
  screeningOf(project_id: string, request_id: string, decision_id: string): Promise<Finding[] | undefined>;
  /** Writes the execution unless there is one; with another digest than `approved_digest` it writes an incident instead. */
  execute(
    project_id: string,
    request: RequestRecord,
    digest: string,
    approved_digest: string,
    by: string,
  ): Promise<{ state: 'first'; executed_at: Date } | { state: 'again' | 'mismatch' }>;
  createKey(project_id: string, id: string, key: CreateKeyBody, secret_sha256: Buffer): Promise<ApiKey>;
  listKeys(project_id: string): Promise<ApiKey[]>;
  revokeKey(project_id: string, id: string): Promise<ApiKey | undefined>;
}

export interface StoredKey {
  id: string;
  project_id: string;
  owner: string;
  role: Role;
  services: string[] | null;
  secret_sha256: Uint8Array;
}

export interface StoredSession {
  project_id: string;
  owner: string;
  role: Exclude<Role, 'agent'>;
  key_id: string | null;
}

/** Who is speaking. The only reads that do not know a project yet. */
export interface IdentityStore {
  key(id: string): Promise<StoredKey | undefined>;
  session(token_sha256: Buffer): Promise<StoredSession | undefined>;
  startSession(token_sha256: Buffer, session: StoredSession, hours: number): Promise<void>;
  endSession(token_sha256: Buffer): Promise<void>;
  takeLoginLink(token_sha256: Buffer): Promise<StoredSession | undefined>;
}

export interface IdempotencyScope {
  key_id: string;
  route: string;
  key: string;
  body: string;
}

export interface IdempotencyStore {
  claim(
    project_id: string,
    scope: IdempotencyScope,
    newReference: string,
  ): Promise<
    | { state: 'first'; reference: string }
    | { state: 'running' }
    | { state: 'other_body' }
    | { state: 'done'; status: number; answer: unknown }
  >;
  keep(project_id: string, scope: IdempotencyScope, reference: string, status: number, answer: unknown): Promise<void>;
  /** After an error: the end of the try is not known. */
  release(project_id: string, scope: IdempotencyScope): Promise<void>;
  /** After a refusal: nothing was written. */
  forget(project_id: string, scope: IdempotencyScope): Promise<void>;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Tells a workflow, which may not know of it, of a decision that stands. Resolves as well when it has ended. */
export type Remind = WorkflowDirectory['remind'];

export type { Client, Settled, WorkflowStarter };
