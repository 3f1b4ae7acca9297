import type { EventName } from '../../contracts/events.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import { type ClaimRecord, progressOf } from '../../domain/approval/permit.ts';
import type { Transaction } from '../db/transaction.ts';
import { policyIsStill } from './policies.ts';
import type { SeenClaims } from './seen-claims.ts';

const CLAIM_COLUMNS = `attempt, payload_digest, claimed_by, key_id, token_sha256, retryable, claimed_at, unknown_after, ended, ended_at,
  closed_as, closed_by, closed_at`;

/** The claims of a request, oldest first, and the database's clock. `now` is undefined where there are none. */
export interface Claims {
  all: readonly ClaimRecord[];
  newest: ClaimRecord | undefined;
  now: Date | undefined;
}

/** An execution of the release before is the only claim of its request, and has that release's MAC. */
const isFormerExecution = (sealer: Sealer, claim: ClaimRecord, mac: Uint8Array | null): boolean =>
  claim.attempt === 1 &&
  claim.key_id === null &&
  claim.token_sha256 === null &&
  !claim.retryable &&
  claim.ended === 'done' &&
  claim.closed_as === null &&
  claim.claimed_at.getTime() === claim.ended_at?.getTime() &&
  claim.unknown_after.getTime() === claim.ended_at.getTime() &&
  sealer.isAuthentic(
    'execution',
    claim.request_id,
    { payload_digest: claim.payload_digest, reported_by: claim.claimed_by, executed_at: claim.ended_at },
    mac,
  );

/** @throws RowForged */
function authentic(sealer: Sealer, claim: ClaimRecord, mac: Uint8Array | null): ClaimRecord {
  if (!isFormerExecution(sealer, claim, mac)) sealer.authenticate('claim', claim.request_id, claim, mac);
  return claim;
}

/**
 * The attacker writes to the database: they would remove a claim or its end, so that the permit is used again. The numbers of claims have
 * no gap, and a process that has seen a later state of the permit refuses an earlier one.
 * @throws RowForged, RolledBack
 */
export async function readClaims(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  seen?: SeenClaims,
): Promise<Claims> {
  const sawBefore = seen?.progress(tx.project_id, request_id) ?? 0; // before the query, which then sees what was committed by now
  const rows = await tx.query<Omit<ClaimRecord, 'request_id'> & { mac: Buffer | null; now: Date }>(
    `select ${CLAIM_COLUMNS}, mac, clock_timestamp() as now from claims where project_id = $1 and request_id = $2 order by attempt`,
    [tx.project_id, request_id],
  );
  const all = rows.map(({ mac, now: _now, ...row }, at) => {
    if (row.attempt !== at + 1) throw new RowForged('claim', request_id);
    return authentic(sealer, { request_id, ...row }, mac);
  });
  const newest = all.at(-1);
  if (progressOf(newest) < sawBefore) throw new RolledBack('claim', request_id);
  if (newest) seen?.saw(tx.project_id, newest);
  return { all, newest, now: rows[0]?.now };
}

/** The newest claim of a list's row, as PostgreSQL writes it as JSON. @throws RowForged */
export function authenticClaim(sealer: Sealer, request_id: string, json: ClaimJson): ClaimRecord {
  const at = (text: string | null) => (text === null ? null : new Date(text));
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text.slice(2), 'hex'));
  const { project_id: _project, mac, ...row } = json;
  const claim: ClaimRecord = {
    ...row,
    request_id,
    token_sha256: bytes(json.token_sha256),
    claimed_at: new Date(json.claimed_at),
    unknown_after: new Date(json.unknown_after),
    ended_at: at(json.ended_at),
    closed_at: at(json.closed_at),
  };
  return authentic(sealer, claim, bytes(mac));
}

type Times = 'claimed_at' | 'unknown_after' | 'ended_at' | 'closed_at' | 'token_sha256';
export type ClaimJson = Omit<ClaimRecord, Times> & { project_id: string; mac: string } & Pick<
    {
      claimed_at: string;
      unknown_after: string;
      ended_at: string | null;
      closed_at: string | null;
      token_sha256: string | null;
    },
    Times
  >;

/** Columns of a new claim; `claimValues` makes the values after the first two. */
const CLAIM_INSERT = `request_id, project_id, ${CLAIM_COLUMNS}, mac`;
const claimValues = (sealer: Sealer, claim: ClaimRecord): unknown[] => [
  claim.attempt,
  claim.payload_digest,
  claim.claimed_by,
  claim.key_id,
  claim.token_sha256,
  claim.retryable,
  claim.claimed_at.toISOString(),
  claim.unknown_after.toISOString(),
  claim.ended,
  claim.ended_at?.toISOString() ?? null,
  claim.closed_as,
  claim.closed_by,
  claim.closed_at?.toISOString() ?? null,
  sealer.macOf('claim', claim.request_id, claim),
];

const INSERT = `insert into claims (${CLAIM_INSERT})
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
  where $17::int is null or ${policyIsStill('$17')} returning 1`;

/**
 * False, and nothing written, when another version of the policy than the given one is in force. The caller holds the lock of the request,
 * so no other claim has this number.
 */
export async function insertClaim(
  tx: Transaction,
  sealer: Sealer,
  claim: ClaimRecord,
  policy_version: number | undefined,
): Promise<boolean> {
  const values = [claim.request_id, tx.project_id, ...claimValues(sealer, claim), policy_version ?? null];
  const written = await tx.query(INSERT, values);
  return written.length > 0;
}

/** How the claim ended, or how it was closed. The caller holds the lock of the request, and `claim` is its newest. */
export async function updateClaim(tx: Transaction, sealer: Sealer, claim: ClaimRecord): Promise<void> {
  await tx.query(
    `update claims set ended = $4, ended_at = $5, closed_as = $6, closed_by = $7, closed_at = $8, mac = $9
     where project_id = $1 and request_id = $2 and attempt = $3`,
    [
      tx.project_id,
      claim.request_id,
      claim.attempt,
      claim.ended,
      claim.ended_at,
      claim.closed_as,
      claim.closed_by,
      claim.closed_at,
      sealer.macOf('claim', claim.request_id, claim),
    ],
  );
}

/** The event of a claim that was written. */
export const eventOfClaim = ({ closed_as, ended }: ClaimRecord): EventName =>
  (closed_as ?? ended) === 'done' ? 'approval_request.executed' : 'approval_request.permit_changed';

/** Makes every other claim, end and closing of this request wait until the transaction ends. False: there is no such request. */
export async function lockPermit(tx: Transaction, request_id: string): Promise<boolean> {
  const rows = await tx.query('select 1 from approval_requests where project_id = $1 and id = $2 for no key update', [
    tx.project_id,
    request_id,
  ]);
  return rows.length > 0;
}
