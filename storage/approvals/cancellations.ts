import type { Sealer } from '../../crypto/keyring.ts';
import type { CancellationRecord } from '../../domain/approval/record.ts';
import { clock, type Transaction } from '../db/transaction.ts';

/**
 * Records a cancellation before its message is sent. The first of a request is kept. False, and nothing written, after the deadline.
 */
export async function insertCancellation(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  requested_by: string,
): Promise<boolean> {
  const created_at = await clock(tx);
  const row = { cause: 'caller', requested_by, created_at } as const;
  await tx.query(
    `insert into cancellations (request_id, project_id, cause, requested_by, created_at, mac)
     select r.id, r.project_id, $3, $4, $5, $6 from approval_requests r where r.project_id = $1 and r.id = $2 and r.expires_at > $5
     on conflict (request_id) do nothing`,
    [tx.project_id, request_id, row.cause, requested_by, created_at, sealer.macOf('cancellation', request_id, row)],
  );
  return (await readCancellation(tx, sealer, request_id)) !== undefined;
}

/** @throws RowForged */
export async function readCancellation(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<CancellationRecord | undefined> {
  const [found] = await tx.query<CancellationRecord & { mac: Buffer }>(
    'select request_id, cause, requested_by, created_at, mac from cancellations where project_id = $1 and request_id = $2',
    [tx.project_id, request_id],
  );
  if (!found) return undefined;
  const { mac, ...row } = found;
  sealer.authenticate('cancellation', request_id, row, mac);
  return row;
}
