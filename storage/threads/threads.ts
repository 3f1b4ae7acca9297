import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { Transaction } from '../db/transaction.ts';

/** The key is a keyed hash of the id, so it is its own MAC. @throws RowForged if the row names another thread. */
export async function threadByKey(tx: Transaction, sealer: Sealer, thread_key: string): Promise<string | undefined> {
  const rows = await tx.query<{ thread_id: string }>(
    'select thread_id from threads where project_id = $1 and thread_key = $2',
    [tx.project_id, thread_key],
  );
  const thread_id = rows[0]?.thread_id;
  if (thread_id !== undefined && sealer.pseudonym('thread', thread_id) !== thread_key)
    throw new RowForged('thread', thread_key);
  return thread_id;
}

/** Erases a thread, its key first: writers that hold its row finish before; later writers find no key. */
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
