import { notify } from '../db/events.ts';
import type { Transaction } from '../db/transaction.ts';

export interface Execution {
  payload_digest: string;
  reported_by: string;
  executed_at: Date;
}

export async function readExecution(tx: Transaction, request_id: string): Promise<Execution | undefined> {
  const rows = await tx.query<Execution>(
    'select payload_digest, reported_by, executed_at from executions where project_id = $1 and request_id = $2',
    [tx.project_id, request_id],
  );
  return rows[0];
}

/** Written once; undefined when it was reported before. */
export async function insertExecution(
  tx: Transaction,
  request: { id: string; key_id: string },
  payload_digest: string,
  reported_by: string,
): Promise<Execution | undefined> {
  const rows = await tx.query<Execution>(
    `insert into executions (request_id, project_id, payload_digest, reported_by, executed_at)
     values ($1, $2, $3, $4, date_trunc('milliseconds', clock_timestamp())) on conflict (request_id) do nothing returning payload_digest, reported_by, executed_at`,
    [request.id, tx.project_id, payload_digest, reported_by],
  );
  if (rows[0]) await notify(tx, 'approval_request.executed', request);
  return rows[0];
}
