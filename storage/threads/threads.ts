import type { Transaction } from '../db/transaction.ts';

/**
 * A write under a claim that is no longer ours, or after the thread moved on. Nothing was written. Whoever holds the claim
 * goes on; this attempt has to begin again from what stands.
 */
export class FenceLost extends Error {
  override readonly name = 'FenceLost';
}

/** Who wants to continue a thread. A later attempt of the same owner takes over at once, an earlier one never. */
export interface Claimant {
  owner: string;
  attempt: number;
  lease_ms: number;
}

export async function threadByKey(tx: Transaction, thread_key: string): Promise<string | undefined> {
  const rows = await tx.query<{ thread_id: string }>(
    'select thread_id from threads where project_id = $1 and thread_key = $2',
    [tx.project_id, thread_key],
  );
  return rows[0]?.thread_id;
}

/**
 * Whether a claim's holder wrote the newest checkpoint, or a claim was made since. If not, the run that wrote it holds none and may
 * still be alive: the run that started the thread, or the next turn of a conversation.
 */
export async function claimedSinceNewest(tx: Transaction, thread_id: string): Promise<boolean> {
  const rows = await tx.query<{ claimed: boolean }>(
    `select c.seen_fence is null or c.seen_fence < t.fence as claimed
     from checkpoints c join threads t using (project_id, thread_id)
     where c.project_id = $1 and c.thread_id = $2 and c.checkpoint_ns = '' order by c.checkpoint_id desc limit 1`,
    [tx.project_id, thread_id],
  );
  return rows[0]?.claimed ?? false;
}

/** The new fence; undefined while another holds the claim. */
export async function claimThread(
  tx: Transaction,
  thread_id: string,
  { owner, attempt, lease_ms }: Claimant,
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

/** False when the claim is another's by now. */
export async function renewClaim(
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

export async function releaseClaim(tx: Transaction, thread_id: string, fence: string): Promise<void> {
  await tx.query(
    'update threads set lease_until = null where project_id = $1 and thread_id = $2 and fence = $3::bigint',
    [tx.project_id, thread_id, fence],
  );
}

/** Erases all of a thread, its key first: writers that hold its row finish before, later ones find no key. */
export async function eraseThread(tx: Transaction, thread_id: string): Promise<void> {
  for (const table of [
    'threads',
    'checkpoints',
    'checkpoint_values',
    'checkpoint_writes',
    'thread_pauses',
    'thread_interrupts',
  ]) {
    await tx.query(`delete from ${table} where project_id = $1 and thread_id = $2`, [tx.project_id, thread_id]);
  }
}
