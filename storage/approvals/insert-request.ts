import type { Sealer } from '../../crypto/keyring.ts';
import type { NewRequest, RequestRecord, RequestSecret, UnsealedRequest } from '../../domain/approval/record.ts';
import { notification } from '../db/events.ts';
import type { Transaction } from '../db/transaction.ts';
import { sealContext } from './approval-requests.ts';
import { policyIsStill } from './policies.ts';

/** The first columns of an insert into approval_requests; `insertValues` makes their values, $1 to $17. */
export const INSERT_COLUMNS = `id, project_id, service, action, priority, verdict, held_by, finding_ids, requested_by, key_id,
  thread_id, node, payload_digest, sealed, policy_version, policy_digest, accept_unsigned_signals`;

/** The values for `INSERT_COLUMNS`. */
export async function insertValues(sealer: Sealer, request: NewRequest): Promise<unknown[]> {
  const { payload, salt, schema, metadata, context, findings } = request;
  const secret: RequestSecret = { payload, salt, metadata, context, findings, ...(schema !== undefined && { schema }) };
  return [
    request.id,
    sealer.project_id,
    request.service,
    request.action,
    request.priority,
    request.verdict,
    request.held_by,
    request.finding_ids,
    request.requested_by,
    request.key_id,
    request.thread_id,
    request.node,
    request.payload_digest,
    await sealer.seal(sealContext(request.id), secret),
    request.policy_version,
    request.policy_digest,
    request.accept_unsigned_signals,
  ];
}

const OPEN = `with at as (select date_trunc('milliseconds', clock_timestamp()) as now),
  opened as (
    insert into approval_requests (${INSERT_COLUMNS}, status, created_at, expires_at)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'pending', at.now, at.now + $18 * interval '1 millisecond' from at
    where ${policyIsStill('$15')}
    on conflict (id) do nothing returning id, project_id, key_id, created_at, expires_at)
  select created_at, expires_at, ${notification('approval_request.opened', 'id', 'project_id', 'key_id')} from opened`;

/**
 * Writes the request as pending, and returns it. Undefined, and nothing written, when the id exists, or when another version of
 * the policy than the request's is in force. Times are the database's, in whole milliseconds, so the clock of an api process
 * moves no deadline.
 */
export async function insertRequest(
  tx: Transaction,
  sealer: Sealer,
  request: NewRequest,
): Promise<UnsealedRequest | undefined> {
  const values = await insertValues(sealer, request);
  const [times] = await tx.query<Pick<RequestRecord, 'created_at' | 'expires_at'>>(OPEN, [
    ...values,
    request.expires_in_ms,
  ]);
  return times && { ...times, project_id: sealer.project_id, status: 'pending', resolved_at: null, ...request };
}
