import type { Pool } from 'pg';
import type { Settled } from '../../contracts/workflow.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { LedgerEntry } from '../../domain/approval/ports.ts';
import type { LedgerRecord, NewRequest, UnsealedRequest } from '../../domain/approval/record.ts';
import { alone, ENTER_PROJECT } from '../db/transaction.ts';
import { INSERT_COLUMNS, insertValues } from './approval-requests.ts';
import { policyIsStill } from './policies.ts';

const OPEN_SETTLED = `with ${ENTER_PROJECT},
 opened as (
   insert into approval_requests (${INSERT_COLUMNS}, created_at, expires_at, status, resolved_at)
   select $1, project.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
   from project where ${policyIsStill('$27', 'project.id')} and abs(extract(epoch from clock_timestamp() - $18::timestamptz)) < 1
   on conflict (id) do nothing returning id, project_id, resolved_at)
insert into ledger (request_id, project_id, resolved_at, status, cause, payload_digest, channel, verified, receipt)
 select id, project_id, resolved_at, $20, $22, $23, $24, $25, $26 from opened`;

/**
 * Opens a request together with its outcome: what the firewall allows or blocks is one row and one ledger entry, written at
 * once and never pending. `settle` signs over `now`, the database's clock, and calls `write`; everything dear is done before
 * the transaction begins. Undefined, and nothing written, when a row stands under its id, when another version of the
 * policy is in force, or when `now` is not within a second of the database's clock.
 */
export async function insertSettledRequest(
  pool: Pool,
  sealer: Sealer,
  request: NewRequest,
  settle: (entry: LedgerEntry) => Promise<Settled>,
  { policy_version, now }: { policy_version: number; now: Date },
): Promise<{ request: UnsealedRequest; ledger: LedgerRecord } | undefined> {
  const values = await insertValues(sealer, request);
  const expires_at = new Date(now.getTime() + request.expires_in_ms);
  // What is added stands first: V8 clones an object of two dozen members in no time, and adds to the clone slowly.
  const record = ({ status, resolved_at }: Pick<UnsealedRequest, 'status' | 'resolved_at'>): UnsealedRequest => ({
    project_id: sealer.project_id,
    created_at: now,
    expires_at,
    status,
    resolved_at,
    ...request,
  });

  let written: LedgerRecord | undefined;
  await settle({
    request: record({ status: 'pending', resolved_at: null }),
    now,
    decision: async () => undefined,
    patch: async () => undefined,
    write: async (entry) => {
      const given = [
        ...values,
        now.toISOString(),
        expires_at.toISOString(),
        entry.status,
        entry.resolved_at.toISOString(),
        entry.cause,
        entry.payload_digest,
        entry.channel,
        entry.verified,
        entry.receipt,
        policy_version,
      ];
      const { rowCount } = await alone(pool, OPEN_SETTLED, given);
      if (rowCount === 1) written = { request_id: request.id, ...entry };
      return []; // no thread can name a request before it is opened
    },
  });
  return written && { request: record(written), ledger: written };
}
