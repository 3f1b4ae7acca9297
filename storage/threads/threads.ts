import type { Transaction } from '../db/transaction.ts';

export async function threadByKey(tx: Transaction, thread_key: string): Promise<string | undefined> {
  const rows = await tx.query<{ thread_id: string }>(
    'select thread_id from threads where project_id = $1 and thread_key = $2',
    [tx.project_id, thread_key],
  );
  return rows[0]?.thread_id;
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
