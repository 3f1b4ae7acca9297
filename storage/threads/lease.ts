import type { LeaseRequest } from '../../domain/thread/ports.ts';
import type { Transaction } from '../db/transaction.ts';

/**
 * A write was refused, because another process has taken the lease or the thread has moved on. Nothing was written. The caller
 * starts again from the stored state.
 */
export class FenceLost extends Error {
  override readonly name = 'FenceLost';
}

/**
 * Whether the newest checkpoint was written under a lease, or a lease was taken since. If not, the run that wrote it has none
 * and may still be alive: the run that started the thread, or the next turn of a conversation.
 */
export async function leasedSinceNewest(tx: Transaction, thread_id: string): Promise<boolean> {
  const rows = await tx.query<{ leased: boolean }>(
    `select c.seen_fence is null or c.seen_fence < t.fence as leased
     from checkpoints c join threads t using (project_id, thread_id)
     where c.project_id = $1 and c.thread_id = $2 and c.checkpoint_ns = '' order by c.checkpoint_id desc limit 1`,
    [tx.project_id, thread_id],
  );
  return rows[0]?.leased ?? false;
}

/** Returns the new fence; undefined while another process holds the lease. */
export async function acquireLease(
  tx: Transaction,
  thread_id: string,
  { owner, attempt, lease_ms }: LeaseRequest,
): Promise<string | undefined> {
  const rows = await tx.query<{ fence: string }>(
    `update threads set fence = fence + 1, owner = $3, attempt = $4, lease_until = now() + $5 * interval '1 millisecond'
     where project_id = $1 and thread_id = $2
       and (lease_until is null or lease_until < now() or (owner = $3 and attempt < $4))
     returning fence::text`,
    [tx.project_id, thread_id, owner, attempt, lease_ms],
  );
  return rows[0]?.fence;
}

/** False if another process has taken the lease. */
export async function renewLease(
  tx: Transaction,
  thread_id: string,
  fence: string,
  lease_ms: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update threads set lease_until = now() + $4 * interval '1 millisecond' where project_id = $1 and thread_id = $2 and fence = $3::bigint returning 1`,
    [tx.project_id, thread_id, fence, lease_ms],
  );
  return rows.length > 0;
}

export async function releaseLease(tx: Transaction, thread_id: string, fence: string): Promise<void> {
  await tx.query(
    'update threads set lease_until = null where project_id = $1 and thread_id = $2 and fence = $3::bigint',
    [tx.project_id, thread_id, fence],
  );
}
