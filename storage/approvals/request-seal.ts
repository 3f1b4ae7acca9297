import type { SealContext } from '../../crypto/envelope.ts';
import { SEAL_FRONT } from '../../crypto/envelope.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { RequestRecord, RequestSecret, StoredRequest } from '../../domain/approval/record.ts';
import { payloadDigest, saltBytes } from '../../domain/digest.ts';
import { unsealRow } from '../keys/unseal-row.ts';

/** The columns that are fixed when a request opens. */
export type RequestTerms = Omit<RequestRecord, 'project_id' | 'status' | 'resolved_at'>;

/**
 * The context of a request's seal contains its terms. The attacker writes to the database: a request with another action, verdict or
 * deadline than the one that was sealed cannot be unsealed, and fails `authenticTerms`, which needs no ciphertext.
 */
export const requestContext = (terms: RequestTerms): SealContext => [
  'request',
  terms.id,
  terms.service,
  terms.action,
  terms.priority,
  terms.verdict,
  terms.held_by,
  JSON.stringify(terms.finding_ids),
  terms.requested_by,
  terms.key_id,
  terms.thread_id,
  terms.node,
  terms.payload_digest,
  terms.policy_version,
  terms.policy_digest,
  Number(terms.accept_unsigned_signals),
  terms.created_at.getTime(),
  terms.expires_at.getTime(),
];

/** What a row says of the removal of its payload. */
export interface Removal {
  payload_removed_at: Date | null;
  payload_removed_mac: Buffer | null;
}
/** The seal's first bytes, and the removal of the rest. */
export type Front = Removal & { front: Buffer };
/** SQL of the front of a request `r`, for `authenticTerms`. */
export const SEAL_FRONT_SQL = `r.payload_removed_at, r.payload_removed_mac, substring(r.sealed from 1 for ${SEAL_FRONT}) as front`;
/** SQL of the removal and the seal of a request `r`, for `unsealedRequest`. */
export const SEALED_SQL = 'r.sealed, r.payload_removed_at, r.payload_removed_mac';

/** `front`: the seal's first bytes. */
export const isAuthenticRequest = (sealer: Sealer, row: RequestRecord, front: Uint8Array): boolean =>
  sealer.isSealedUnder(requestContext(row), front);

/**
 * The attacker writes to the database, and removes a payload themselves: without the MAC of the removal the row is forged.
 * @throws RowForged
 */
function authenticRemoval(sealer: Sealer, id: string, { front, payload_removed_at, payload_removed_mac }: Front): void {
  if (payload_removed_at !== null || payload_removed_mac !== null)
    sealer.authenticate('payload_removal', id, { front, payload_removed_at }, payload_removed_mac);
}

/** The clear columns, without the front. @throws RowForged */
export function authenticTerms<Row extends RequestRecord & Front>(sealer: Sealer, row: Row): Omit<Row, keyof Front> {
  const { front, payload_removed_at: _at, payload_removed_mac: _mac, ...record } = row;
  if (!isAuthenticRequest(sealer, row, front)) throw new RowForged('request', row.id);
  authenticRemoval(sealer, row.id, row);
  return record;
}

/**
 * The request with its sealed part, or without it if this product removed it. The digest is computed again, so that what is shown,
 * decided and resumed is what was judged.
 * @throws RowForged, also if the sealed bytes were altered
 */
export async function unsealedRequest(
  sealer: Sealer,
  { sealed, payload_removed_at, payload_removed_mac, ...row }: RequestRecord & Removal & { sealed: Buffer },
): Promise<StoredRequest> {
  const context = requestContext(row);
  const front = sealed.subarray(0, SEAL_FRONT);
  if (!sealer.isSealedUnder(context, front)) throw new RowForged('request', row.id);
  authenticRemoval(sealer, row.id, { front, payload_removed_at, payload_removed_mac });
  if (payload_removed_at !== null) return { ...row, payload_removed_at };
  const self = { kind: 'request', id: row.id, request_id: row.id } as const;
  const secret = (await unsealRow(sealer, self, context, sealed)) as RequestSecret;
  const { service, action } = row;
  if (
    payloadDigest(saltBytes(secret.salt), { service, action, payload: secret.payload }, sha256) !== row.payload_digest
  )
    throw new RowForged('request', row.id);
  return { ...row, ...secret };
}
