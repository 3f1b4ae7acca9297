import type { Pause } from '../../contracts/thread.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { Transaction } from '../db/transaction.ts';

/** The attacker writes to the database: they would give a node's pause another, approved request. @throws RowForged */
export async function readPause(
  tx: Transaction,
  sealer: Sealer,
  thread_id: string,
  pause_key: string,
): Promise<Pause | undefined> {
  const [row] = await tx.query<Pause & { mac: Buffer | null }>(
    'select request_id, held, mac from thread_pauses where project_id = $1 and thread_id = $2 and pause_key = $3',
    [tx.project_id, thread_id, pause_key],
  );
  if (!row) return undefined;
  const { mac, ...pause } = row;
  sealer.authenticate('thread_pause', pause_key, { thread_id, ...pause }, mac);
  return pause;
}

/** Stores a pause, and returns the stored one: the first is kept. @throws RowForged */
export async function insertPause(
  tx: Transaction,
  sealer: Sealer,
  thread_id: string,
  pause_key: string,
  { request_id, held }: Pause,
): Promise<Pause> {
  const row = { thread_id, request_id, held };
  await tx.query(
    'insert into thread_pauses (project_id, thread_id, pause_key, request_id, held, mac) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
    [tx.project_id, thread_id, pause_key, request_id, held, sealer.macOf('thread_pause', pause_key, row)],
  );
  return (await readPause(tx, sealer, thread_id, pause_key)) ?? { request_id, held };
}
