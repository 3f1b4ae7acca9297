import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import type { UnstartedRequests } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { acrossProjects } from '../db/transaction.ts';
import { COLUMNS } from './approval-requests.ts';
import { authenticTerms, type Front, SEAL_FRONT_SQL } from './request-seal.ts';
import { scannedRows } from './scanned-rows.ts';

/**
 * Held requests that Temporal does not know, oldest first. Younger ones may still be in the start queue of an api. `next` continues,
 * because rows that are refused stay where they are.
 */
export async function unstartedRequests(
  pool: Pool,
  keyring: Keyring,
  limit: number,
  after: UnstartedRequests['next'],
): Promise<UnstartedRequests> {
  const rows = await acrossProjects(pool, (tx) =>
    tx.query<RequestRecord & Front & { at: string }>(
      `select ${COLUMNS}, ${SEAL_FRONT_SQL}, r.created_at::text as at from approval_requests r
       where r.status = 'pending' and r.workflow_started_at is null and r.created_at < now() - interval '10 seconds'
         and ($2::timestamptz is null or (r.created_at, r.id) > ($2::timestamptz, $3))
       order by r.created_at, r.id limit $1`,
      [limit, after?.created_at ?? null, after?.id ?? ''],
    ),
  );
  const last = rows.at(-1);
  return {
    ...(await scannedRows(keyring, rows, (sealer, { at: _at, ...row }) => authenticTerms(sealer, row))),
    next: rows.length === limit && last ? { created_at: last.at, id: last.id } : undefined,
  };
}
