import { LRUCache } from 'lru-cache';
import type { Sealer } from '../../crypto/keyring.ts';
import { RolledBack } from '../../crypto/row-mac.ts';
import type { ExecutionStore } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { notify } from '../db/notices.ts';
import { clock, type Transaction } from '../db/transaction.ts';
import { insertIncident } from './incidents.ts';

export interface Execution {
  payload_digest: string;
  reported_by: string;
  executed_at: Date;
}

/**
 * Requests whose execution this process wrote or read. The attacker writes to the database: they would remove an execution, so that
 * the approval is used again. A process that has seen it refuses; a restart forgets, and so does a process with more requests than this.
 */
export interface SeenExecutions {
  has(project_id: string, request_id: string): boolean;
  add(project_id: string, request_id: string): void;
}
const MAX_SEEN = 100_000;

/** By project: a key of another project finds no row of this request, and that is no rollback. */
export function seenExecutions(): SeenExecutions {
  const seen = new LRUCache<string, true>({ max: MAX_SEEN });
  const nameOf = (project_id: string, request_id: string) => `${project_id} ${request_id}`;
  return {
    has: (project_id, request_id) => seen.has(nameOf(project_id, request_id)),
    add: (project_id, request_id) => void seen.set(nameOf(project_id, request_id), true),
  };
}

/** @throws RowForged, RolledBack */
export async function readExecution(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  seen?: SeenExecutions,
): Promise<Execution | undefined> {
  const wasSeen = seen?.has(tx.project_id, request_id); // before the query, which then sees what was committed by now
  const [row] = await tx.query<Execution & { mac: Buffer | null }>(
    'select payload_digest, reported_by, executed_at, mac from executions where project_id = $1 and request_id = $2',
    [tx.project_id, request_id],
  );
  if (!row) {
    if (wasSeen) throw new RolledBack('execution', request_id);
    return undefined;
  }
  const { mac, ...execution } = row;
  sealer.authenticate('execution', request_id, execution, mac);
  seen?.add(tx.project_id, request_id);
  return execution;
}

/** Written once; undefined when it was reported before. */
async function insertExecution(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  payload_digest: string,
  reported_by: string,
): Promise<Execution | undefined> {
  const execution = { payload_digest, reported_by, executed_at: await clock(tx) };
  const [written] = await tx.query(
    `insert into executions (request_id, project_id, payload_digest, reported_by, executed_at, mac)
     values ($1, $2, $3, $4, $5, $6) on conflict (request_id) do nothing returning 1`,
    [
      request_id,
      tx.project_id,
      payload_digest,
      reported_by,
      execution.executed_at,
      sealer.macOf('execution', request_id, execution),
    ],
  );
  if (!written) return undefined;
  await notify(tx, 'approval_request.executed', request_id);
  return execution;
}

/**
 * Records the execution, once. Another digest than the approved one, or a second report, is an incident. The caller has read the
 * request's view, and so its execution.
 */
export async function recordExecution(
  tx: Transaction,
  sealer: Sealer,
  request: RequestRecord,
  digest: string,
  approved_digest: string,
  by: string,
): ReturnType<ExecutionStore['execute']> {
  if (digest !== approved_digest) {
    await insertIncident(tx, request.id, 'digest_mismatch', by);
    return { state: 'mismatch' };
  }
  const first = await insertExecution(tx, sealer, request.id, digest, by);
  if (first) return { state: 'first', executed_at: first.executed_at };
  await insertIncident(tx, request.id, 'executed_twice', by);
  return { state: 'again' };
}
