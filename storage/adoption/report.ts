import type { DecisionType } from '../../contracts/decision-type.ts';
import type { Role } from '../../contracts/key.ts';

/** At most this many rows of a kind are listed per project; the counts are complete. */
export const MAX_LISTED = 1_000;

/** Rows of one kind that the adoption vouches for. */
export interface Vouched<Row> {
  count: number;
  /** The first `MAX_LISTED`. */
  rows: Row[];
}

/** What the adoption vouches for in one project: these rows count from now on, as they stood in the database. */
export interface AdoptedProject {
  project_id: string;
  name: string;
  keys: Vouched<{ id: string; owner: string; role: Role; revoked: boolean }>;
  policies: Vouched<{ version: number; digest: string; created_by: string }>;
  open_requests: Vouched<{ id: string; service: string; action: string; requested_by: string }>;
  /** Of open requests: each of them can still count. */
  decisions: Vouched<{ id: string; request_id: string; type: DecisionType; actor: string }>;
  /** Their receipts verify, so nothing is vouched for. */
  closed_requests: number;
  thread_links: number;
  pauses: number;
  executions: number;
  /** Sign-in sessions and links that were deleted. */
  signed_out: number;
  /** Requests that stay unreadable, and why. */
  refused: Vouched<{ request_id: string; why: string }>;
}

export const nothingVouched = (): Vouched<never> => ({ count: 0, rows: [] });

export function vouch<Row>(vouched: Vouched<Row>, row: Row): void {
  vouched.count += 1;
  if (vouched.rows.length < MAX_LISTED) vouched.rows.push(row);
}

export const emptyReport = (project_id: string, name: string): AdoptedProject => ({
  project_id,
  name,
  keys: nothingVouched(),
  policies: nothingVouched(),
  open_requests: nothingVouched(),
  decisions: nothingVouched(),
  closed_requests: 0,
  thread_links: 0,
  pauses: 0,
  executions: 0,
  signed_out: 0,
  refused: nothingVouched(),
});
