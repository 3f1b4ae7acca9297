import type { IncidentKind } from './incident.ts';

/** A stored row that fails its authenticity check, or is older than one that this process has seen. Thrown as `RowForged` of crypto/. */
export interface ForgedRow extends Error {
  readonly name: 'RowForged';
  /** Of the row: `api_key`, `policy`, `ledger`. */
  readonly kind: string;
  readonly id: string;
  /** The request that the row belongs to. */
  readonly request_id: string | null;
  readonly incident: Extract<IncidentKind, 'forged_row' | 'forged_receipt' | 'rolled_back'>;
}

/** By name, because domain/ and activities/ do not import values of crypto/. */
export const isForgedRow = (error: unknown): error is ForgedRow => error instanceof Error && error.name === 'RowForged';

/** Takes what was refused: raises an alarm, and stores an incident, at most one per request and kind a minute. Does not throw. */
export type ReportForged = (project_id: string, row: ForgedRow) => Promise<void>;
