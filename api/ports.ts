import type { ActionContext } from '../contracts/action.ts';
import type { PolicyVersion } from '../contracts/policy.ts';
import type { Settled } from '../contracts/workflow.ts';
import type { IdempotencyStore, IdentityStore, KeyStore } from '../domain/access/ports.ts';
import type {
  DecisionStore,
  ExecutionStore,
  HistoryReader,
  LedgerEntry,
  RecordedReader,
  RequestLister,
  RequestReader,
  RequestView,
} from '../domain/approval/ports.ts';
import type { LedgerRecord, NewRequest, RecordedRequest, RequestRecord } from '../domain/approval/record.ts';
import type { PolicyStore } from '../domain/policy/ports.ts';

/** The stores of an api, one per consumer. Implemented by `storage/api-stores.ts`. */
export interface ApiStores {
  requests: RequestReader & HistoryReader & RequestLister & RecordedReader;
  opening: RequestOpener;
  decisions: DecisionStore;
  executions: ExecutionStore;
  policies: PolicyStore;
  keys: KeyStore;
  identities: IdentityStore;
  idempotency: IdempotencyStore;
}

/** `activities/settle.ts`, given an outcome. */
export type SettleWork = (entry: LedgerEntry) => Promise<Settled>;

/** What a project asked before, newest first. */
export type ReadEarlier = (span: { since_ms: number; limit: number }) => Promise<EarlierCall[]>;
export type EarlierCall = Pick<RecordedRequest, 'service' | 'action' | 'payload' | 'requested_by' | 'created_at'>;

/** The contexts that an agent's last requests in a thread were judged with, newest first. */
export type ReadThread = (span: { thread_id: string; requested_by: string; limit: number }) => Promise<ActionContext[]>;

/** What the policy in force makes of an action: the request, and when nobody has to look, how it is settled at once. Asked again when the policy changed meanwhile. */
export type Judge = (
  policy: PolicyVersion,
  readEarlier: ReadEarlier,
  readThread: ReadThread,
) =>
  | { request: NewRequest; settle?: SettleWork | undefined }
  | Promise<{ request: NewRequest; settle?: SettleWork | undefined }>;

export interface RequestOpener {
  /** Gives the policy in force to `judge` and writes what it answers, in one transaction; returns what stands under that id. */
  open(project_id: string, judge: Judge): Promise<RequestView>;
}

/** What an api counts (`runtime/metrics.ts`). */
export interface Counts {
  opened(verdict: RequestRecord['verdict']): void;
  decided(request: RequestRecord, row: Omit<LedgerRecord, 'request_id'>): void;
  answered(method: string, route: string, status: number, seconds: number): void;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type { Settled };
