import type { Transaction } from '../db/transaction.ts';

const count = (condition: string) => `select count(*)::int as pending from (
  select 1 from approval_requests where project_id = $1 and status = 'pending'${condition} limit $2) as counted`;
const OF_PROJECT = count('');
const OF_KEY = count(' and key_id = $3');

/** Pending requests of the key, or of the whole project; at most `most`. */
export async function countPending(tx: Transaction, key_id: string | undefined, most: number): Promise<number> {
  const values = [tx.project_id, most];
  const [row] = await (key_id === undefined
    ? tx.query<{ pending: number }>(OF_PROJECT, values)
    : tx.query<{ pending: number }>(OF_KEY, [...values, key_id]));
  return row?.pending ?? 0;
}
