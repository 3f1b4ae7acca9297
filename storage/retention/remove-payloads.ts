import type { Sealer } from '../../crypto/keyring.ts';
import type { Scanned } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { authenticListed, COLUMNS, type LedgerJson } from '../approvals/approval-requests.ts';
import { emptyDecisions } from '../approvals/decisions.ts';
import { type Front, SEAL_FRONT_SQL } from '../approvals/request-seal.ts';
import { clock, type Transaction } from '../db/transaction.ts';

const DAY_MS = 86_400_000;
/** Class of the advisory lock of a project whose payloads are being removed; arbitrary. */
const LOCK_CLASS = 4_207;

/** A place in the order of the scan. `created_at` as PostgreSQL writes it, with microseconds. */
export interface ScanPlace {
  created_at: string;
  id: string;
}

export interface RemovedBatch {
  removed: number;
  refused: Scanned<never>['refused'];
  /** Where the next batch begins; undefined at the end. */
  next: ScanPlace | undefined;
}

type Candidate = RequestRecord & Front & { ledger: LedgerJson | null; at: string };

/** The front of the seal stays, which authenticates the terms. */
const REMOVE = `update approval_requests r set sealed = substring(r.sealed from 1 for length(n.front)), payload_removed_at = $2, payload_removed_mac = n.mac
  from unnest($3::text[], $4::bytea[], $5::bytea[]) as n (id, front, mac)
  where r.project_id = $1 and r.id = n.id and r.payload_removed_at is null
    and exists (select from ledger l where l.request_id = r.id)`;

/**
 * Removes the payloads of one batch of requests, the oldest first, whose outcomes are older than `days`, with the reasons and patches of
 * their decisions. One transaction, so a process that dies leaves a request with all of it or with none.
 *
 * The attacker writes to the database. The age is that of the outcome in the receipt, and both clocks have to say that it has passed; a row
 * that is not authentic keeps what it has. A request without an outcome keeps its payload, however old it is.
 */
export async function removePayloads(
  tx: Transaction,
  sealer: Sealer,
  days: number,
  limit: number,
  after: ScanPlace | undefined,
): Promise<RemovedBatch> {
  const [lock] = await tx.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1, hashtext($2)) as mine', [
    LOCK_CLASS,
    tx.project_id,
  ]);
  if (!lock?.mine) return { removed: 0, refused: [], next: undefined }; // another worker is at it
  const now = await clock(tx);
  const before = new Date(Math.min(now.getTime(), Date.now()) - days * DAY_MS);
  const rows = await tx.query<Candidate>(
    `select ${COLUMNS}, ${SEAL_FRONT_SQL}, to_json(l) as ledger, r.created_at::text as at
     from approval_requests r left join ledger l on l.request_id = r.id
     where r.project_id = $1 and r.payload_removed_at is null and r.created_at < $2
       and (r.created_at, r.id) > (coalesce($3::timestamptz, '-infinity'), $4)
     order by r.created_at, r.id limit $5`,
    [tx.project_id, before, after?.created_at ?? null, after?.id ?? '', limit],
  );
  const due: { id: string; front: Buffer }[] = [];
  const refused: RemovedBatch['refused'] = [];
  for (const { at: _at, ...row } of rows) {
    if (!row.ledger) continue;
    try {
      const { resolved_at } = await authenticListed(sealer, row);
      if (resolved_at !== null && resolved_at < before) due.push({ id: row.id, front: row.front });
    } catch (error) {
      refused.push({ project_id: tx.project_id, error });
    }
  }
  if (due.length > 0) {
    const ids = due.map(({ id }) => id);
    const macs = due.map(({ id, front }) => sealer.macOf('payload_removal', id, { front, payload_removed_at: now }));
    await tx.query(REMOVE, [tx.project_id, now, ids, due.map(({ front }) => front), macs]);
    refused.push(...(await emptyDecisions(tx, sealer, ids, now)));
  }
  const last = rows.at(-1);
  return {
    removed: due.length,
    refused,
    next: rows.length === limit && last ? { created_at: last.at, id: last.id } : undefined,
  };
}
