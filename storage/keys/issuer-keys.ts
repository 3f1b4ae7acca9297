import type { JWK } from 'jose';
import type { Pool } from 'pg';
import { SealBroken } from '../../crypto/envelope.ts';
import { issuerKeyContext as context, type Keyring, type SealedIssuerKey } from '../../crypto/keyring.ts';
import { type IssuerKey, newIssuerKey, publicPart } from '../../crypto/signing.ts';
import { acrossProjects } from '../db/transaction.ts';
import { sealedIssuerKeys } from './stored-keys.ts';

/** The active signing key, created on first use. Processes that start together get the same one. */
export async function currentIssuerKey(pool: Pool, keyring: Keyring): Promise<IssuerKey> {
  const fresh = await newIssuerKey();
  const sealed = await keyring.sealGlobal(context(fresh.kid), fresh.private_jwk);
  const row = await acrossProjects(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock(4207002)');
    const newest = 'select kid, sealed from issuer_keys where retired_at is null order by created_at desc limit 1';
    const [found] = await tx.query<SealedIssuerKey>(newest);
    if (found) return found;
    await tx.query('insert into issuer_keys (kid, public_jwk, sealed) values ($1, $2, $3)', [
      fresh.kid,
      JSON.stringify(fresh.public_jwk),
      sealed,
    ]);
    return { kid: fresh.kid, sealed };
  });
  return opened(keyring, row);
}

/** The public part is derived from the sealed private key: an attacker with write access to the database could replace the one in clear. */
async function opened(keyring: Keyring, { kid, sealed }: SealedIssuerKey): Promise<IssuerKey> {
  const private_jwk = (await keyring.unsealGlobal(context(kid), sealed)) as JWK;
  return { kid, public_jwk: publicPart(kid, private_jwk), private_jwk };
}

/**
 * All signing keys, also retired ones, oldest first, for `/.well-known/jwks.json`. The attacker can write to the database but does
 * not hold the root key: a row of theirs would make their receipts verify. A key that cannot be unsealed is not published, and
 * reported to `onForeign`.
 */
export async function publishedKeys(
  pool: Pool,
  keyring: Keyring,
  onForeign: (kid: string) => void = () => {},
): Promise<JWK[]> {
  const keys: JWK[] = [];
  for (const row of (await sealedIssuerKeys(pool)).reverse()) {
    try {
      keys.push((await opened(keyring, row)).public_jwk);
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      onForeign(row.kid);
    }
  }
  return keys;
}
