import type { JWK } from 'jose';
import type { Pool } from 'pg';
import { SealBroken } from '../../crypto/envelope.ts';
import {
  issuerKeyContext as context,
  type Keyring,
  KeyUnavailable,
  type OpenedIssuerKey,
} from '../../crypto/keyring.ts';
import { createCurrentSigner, type IssuerKey, newIssuerKey, publicPart, type Signer } from '../../crypto/signing.ts';
import { acrossProjects, type Transaction } from '../db/transaction.ts';
import { issuerKeysOf } from './stored-keys.ts';

/** Of keys, newest first, the one that signs. */
export const signingKeyOf = (keys: readonly OpenedIssuerKey[]): OpenedIssuerKey | undefined =>
  keys.find(({ retired_at, revoked }) => retired_at === undefined && revoked === undefined);

/** The public part is derived from the sealed private key: an attacker with write access to the database could replace the one in clear. */
const asIssuerKey = ({ kid, private_jwk }: OpenedIssuerKey): IssuerKey => ({
  kid,
  public_jwk: publicPart(kid, private_jwk),
  private_jwk,
});

/** The lock of everything that changes which key signs. */
export const lockIssuerKeys = (tx: Transaction) => tx.query('select pg_advisory_xact_lock(4207002)');

export async function insertIssuerKey(tx: Transaction, keyring: Keyring): Promise<IssuerKey> {
  const fresh = await newIssuerKey();
  await tx.query('insert into issuer_keys (kid, public_jwk, sealed) values ($1, $2, $3)', [
    fresh.kid,
    JSON.stringify(fresh.public_jwk),
    await keyring.sealGlobal(context(fresh.kid), fresh.private_jwk),
  ]);
  return fresh;
}

/** The signing key, created on first use. Processes that start together get the same one. */
export const currentIssuerKey = (pool: Pool, keyring: Keyring): Promise<IssuerKey> =>
  acrossProjects(pool, async (tx) => {
    await lockIssuerKeys(tx);
    const { keys, foreign } = await keyring.openIssuerKeys(await issuerKeysOf(tx));
    const found = signingKeyOf(keys);
    if (found) return asIssuerKey(found);
    // The row of the key that signed may have been changed: a new key would hide it.
    if (foreign.length > 0) throw new SealBroken(`none of the root keys unseals the signing key ${foreign[0]}`);
    return insertIssuerKey(tx, keyring);
  });

/** Signs with the current key, also after it was rotated. */
export async function currentSigner(pool: Pool, keyring: Keyring): Promise<Signer> {
  await currentIssuerKey(pool, keyring);
  return createCurrentSigner(async () => {
    const found = signingKeyOf((await keyring.issuerKeys()).keys);
    if (!found) throw new KeyUnavailable('no signing key is in force: run letsping signing-keys rotate');
    return asIssuerKey(found);
  });
}

/**
 * All signing keys, also retired and revoked ones, oldest first, for `/.well-known/jwks.json`. The attacker can write to the database but
 * does not hold the root key: a row of theirs would make their receipts verify. A key that cannot be unsealed is not published, and
 * reported to `onForeign`.
 */
export async function publishedKeys(
  pool: Pool,
  keyring: Keyring,
  onForeign: (kid: string) => void = () => {},
): Promise<JWK[]> {
  const { keys, foreign } = await keyring.openIssuerKeys(await acrossProjects(pool, issuerKeysOf));
  for (const kid of foreign.reverse()) onForeign(kid);
  return keys.reverse().map(({ kid, private_jwk, revoked }) => publicPart(kid, private_jwk, revoked));
}
