import type { Pool } from 'pg';
import type { Sealer } from '../../crypto/keyring.ts';
import type { ClaimRecord } from '../../domain/approval/permit.ts';
import type { FirewallOutcome } from '../../domain/approval/ports.ts';
import type { NewRequest } from '../../domain/approval/record.ts';
import { deliveryNotification } from '../db/notices.ts';
import { alone, ENTER_PROJECT } from '../db/transaction.ts';
import { insertOutcome } from './insert-outcome.ts';
import { INSERT_COLUMNS, insertValues, TIME_IS_NOW } from './insert-request.ts';
import { policyIsStill } from './policies.ts';

const openSettled = (claimed: string) => `with ${ENTER_PROJECT},
 opened as (
   insert into approval_requests (${INSERT_COLUMNS}, status, resolved_at)
   select $1, project.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
   from project where ${policyIsStill('$15', 'project.id')} and ${TIME_IS_NOW}
   on conflict (id) do nothing returning project_id, id as request_id),
 ${insertOutcome('opened', {
   status: '$20',
   resolved_at: '$21',
   cause: '$22',
   payload_digest: '$23',
   decision_id: 'null',
   actor: 'null',
   channel: '$24',
   verified: '$25',
   receipt: '$26',
 })}${claimed}
select case when id is not null then ${deliveryNotification('id')}::text end from outcome left join outbox on true`;

const OPEN_SETTLED = openSettled('');
/** The permit is claimed in the same statement: no round trip more. What the claim shares with its request is not sent twice. */
const OPEN_CLAIMED = openSettled(`,
 claimed as (
   insert into claims (request_id, project_id, attempt, payload_digest, claimed_by, key_id, token_sha256, retryable, claimed_at, unknown_after, mac)
   select request_id, project_id, 1, $13, $9, $10, $27, $28, $18, $29, $30 from opened)`);

/** The first claim, by the key that opens the request, at that time. */
const claimOfOpener = (sealer: Sealer, claim: ClaimRecord): unknown[] => [
  claim.token_sha256,
  claim.retryable,
  claim.unknown_after.toISOString(),
  sealer.macOf('claim', claim.request_id, claim),
];

/**
 * Writes a request together with its outcome: what the firewall allows or blocks is one row and one ledger entry, and never
 * pending. False, and nothing written, when the id exists, when another version of the policy is in force, or when the
 * request's time is not within a second of the database's clock.
 */
export async function insertSettledRequest(
  pool: Pool,
  sealer: Sealer,
  request: NewRequest,
  { request: { created_at, expires_at }, ledger }: FirewallOutcome,
  claim: ClaimRecord | undefined,
): Promise<boolean> {
  const values = [
    ...(await insertValues(sealer, request, { created_at, expires_at })),
    ledger.status,
    ledger.resolved_at.toISOString(),
    ledger.cause,
    ledger.payload_digest,
    ledger.channel,
    ledger.verified,
    ledger.receipt,
    ...(claim ? claimOfOpener(sealer, claim) : []),
  ];
  const { rows } = await alone(pool, claim ? OPEN_CLAIMED : OPEN_SETTLED, values);
  return rows.length > 0;
}
