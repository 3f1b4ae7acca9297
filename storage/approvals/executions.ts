import type { ExecutionStore } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { notify } from '../db/events.ts';
import type { Transaction } from '../db/transaction.ts';
import { insertIncident } from './incidents.ts';

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
async function insertExecution(
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

/** Records the execution, once. Another digest than the approved one, or a second report, is an incident. */
export async function recordExecution(
  tx: Transaction,
  request: RequestRecord,
  digest: string,
  approved_digest: string,
  by: string,
): ReturnType<ExecutionStore['execute']> {
  if (digest !== approved_digest) {
    await insertIncident(tx, request.id, 'digest_mismatch', by);
    return { state: 'mismatch' };
  }
  const first = await insertExecution(tx, request, digest, by);
  if (first) return { state: 'first', executed_at: first.executed_at };
  await insertIncident(tx, request.id, 'executed_twice', by);
  return { state: 'again' };
}
