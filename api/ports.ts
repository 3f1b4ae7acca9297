import type { IdempotencyStore, IdentityStore, KeyStore, SessionStore } from '../domain/access/ports.ts';
import type { AuditStore } from '../domain/acts/ports.ts';
import type { DecisionStore } from '../domain/approval/decision-ports.ts';
import type { ReportForged } from '../domain/approval/forged-row.ts';
import type { IncidentKind } from '../domain/approval/incident.ts';
import type {
  CancellationStore,
  HistoryReader,
  OpenRequestStore,
  PermitStore,
  RecordedReader,
  RequestLister,
  RequestReader,
} from '../domain/approval/ports.ts';
import type { LedgerRecord, RequestRecord } from '../domain/approval/record.ts';
import type { LimitedBy, LimitName } from '../domain/limits/limits.ts';
import type { UsageStore } from '../domain/limits/ports.ts';
import type { PolicyStore } from '../domain/policy/ports.ts';
import type { CountPending } from './limits/pending-limit.ts';

/** The stores of an api, one per consumer. Implemented by `storage/api-stores.ts`. */
export interface ApiStores {
  requests: RequestReader & HistoryReader & RequestLister & RecordedReader;
  opening: OpenRequestStore;
  decisions: DecisionStore;
  cancellations: CancellationStore;
  permits: PermitStore;
  policies: PolicyStore;
  keys: KeyStore;
  acts: AuditStore;
  identities: IdentityStore;
  sessions: SessionStore;
  idempotency: IdempotencyStore;
  usage: UsageStore;
  countPending: CountPending;
  /** Takes the rows that failed their authenticity check. */
  reportForged: ReportForged;
}

/** What an api counts (`runtime/metrics.ts`). */
export interface Counts {
  opened(verdict: RequestRecord['verdict']): void;
  decided(
    request: Pick<RequestRecord, 'verdict' | 'created_at'>,
    row: Pick<LedgerRecord, 'status' | 'channel' | 'resolved_at'>,
  ): void;
  answered(method: string, route: string, status: number, seconds: number): void;
  refused(kind: IncidentKind): void;
  /** A limit refused a call. */
  limited(limit: LimitName, by: LimitedBy): void;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
