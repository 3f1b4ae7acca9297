import type { Pause } from '../../contracts/thread.ts';
import type { Transaction } from '../db/transaction.ts';

export async function readPause(tx: Transaction, thread_id: string, pause_key: string): Promise<Pause | undefined> {
  const rows = await tx.query<Pause>(
    'select request_id, held from thread_pauses where project_id = $1 and thread_id = $2 and pause_key = $3',
    [tx.project_id, thread_id, pause_key],
  );
  return rows[0];
}

/** Stores a pause, and returns the stored one: the first is kept. */
export async function insertPause(tx: Transaction, thread_id: string, pause_key: string, pause: Pause): Promise<Pause> {
  await tx.query(
    'insert into thread_pauses (project_id, thread_id, pause_key, request_id, held) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [tx.project_id, thread_id, pause_key, pause.request_id, pause.held],
  );
  return (await readPause(tx, thread_id, pause_key)) ?? pause;
}
