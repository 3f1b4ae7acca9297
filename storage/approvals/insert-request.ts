import type { Sealer } from '../../crypto/keyring.ts';
import type { NewRequest, RequestRecord, RequestSecret, UnsealedRequest } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { policyIsStill } from './policies.ts';
import { requestContext } from './request-seal.ts';

/** The first columns of an insert into approval_requests, with their types; `insertValues` makes their values, $1 to $19. */
export const INSERTED = {
  id: 'text',
  project_id: 'text',
  service: 'text',
  action: 'text',
  priority: 'text',
  verdict: 'text',
  held_by: 'text',
  finding_ids: 'text[]',
  requested_by: 'text',
  key_id: 'text',
  thread_id: 'text',
  node: 'text',
  payload_digest: 'text',
  sealed: 'bytea',
  policy_version: 'int',
  policy_digest: 'text',
  accept_unsigned_signals: 'boolean',
  created_at: 'timestamptz',
  expires_at: 'timestamptz',
};
export const INSERT_COLUMNS = Object.keys(INSERTED).join(', ');

export type RequestTimes = Pick<RequestRecord, 'created_at' | 'expires_at'>;

/** SQL condition: the time of a request, which its seal contains, is the database's within a second. */
export const timeIsNow = (created_at: string): string =>
  `abs(extract(epoch from clock_timestamp() - ${created_at}::timestamptz)) < 1`;

/** The values for `INSERT_COLUMNS`. */
export async function insertValues(
  sealer: Sealer,
  request: NewRequest,
  { created_at, expires_at }: RequestTimes,
): Promise<unknown[]> {
  const { payload, salt, schema, metadata, context, context_trust, findings } = request;
  const secret: RequestSecret = {
    ...{ payload, salt, metadata, context, findings },
    ...(context_trust && { context_trust }),
    ...(schema !== undefined && { schema }),
  };
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
    await sealer.seal(requestContext({ ...request, created_at, expires_at }), secret),
    request.policy_version,
    request.policy_digest,
    request.accept_unsigned_signals,
    created_at.toISOString(),
    expires_at.toISOString(),
  ];
}

const OPEN = `insert into approval_requests (${INSERT_COLUMNS}, status)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'pending'
  where ${policyIsStill('$15')} and ${timeIsNow('$18')}
  on conflict (id) do nothing returning id`;

/**
 * Writes the request as pending, and returns it. Undefined, and nothing written, when the id exists, when another version of the
 * policy than the request's is in force, or when `now` is not within a second of the database's clock: so the clock of an api
 * process moves no deadline by more.
 */
export async function insertRequest(
  tx: Transaction,
  sealer: Sealer,
  request: NewRequest,
  now: Date,
): Promise<UnsealedRequest | undefined> {
  const times = { created_at: now, expires_at: new Date(now.getTime() + request.expires_in_ms) };
  const written = await tx.query(OPEN, await insertValues(sealer, request, times));
  if (written.length === 0) return undefined;
  return { ...times, project_id: sealer.project_id, status: 'pending', resolved_at: null, ...request };
}
