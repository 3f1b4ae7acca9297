import type { JWK } from 'jose';
import type { Pool } from 'pg';
import type { Keyring } from '../crypto/keyring.ts';
import { type IssuerKey, newIssuerKey } from '../crypto/signing.ts';
import { issuerKeyContext as context } from './key-rotation.ts';
import { acrossProjects } from './transaction.ts';

/** The key that signs now; made on first use. Processes that start together end with the same one. */
export async function currentIssuerKey(pool: Pool, keyring: Keyring): Promise<IssuerKey> {
  const fresh = await newIssuerKey();
  const sealed = await keyring.sealGlobal(context(fresh.kid), fresh.private_jwk);
  const row = await acrossProjects(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock(4207002)');
    const newest =
      'select kid, public_jwk, sealed from issuer_keys where retired_at is null order by created_at desc limit 1';
    const [found] = await tx.query<{ kid: string; public_jwk: JWK; sealed: Buffer }>(newest);
    if (found) return found;
    await tx.query('insert into issuer_keys (kid, public_jwk, sealed) values ($1, $2, $3)', [
      fresh.kid,
      JSON.stringify(fresh.public_jwk),
      sealed,
    ]);
    return { kid: fresh.kid, public_jwk: fresh.public_jwk, sealed };
  });
  return {
    kid: row.kid,
    public_jwk: row.public_jwk,
    private_jwk: (await keyring.openGlobal(context(row.kid), row.sealed)) as JWK,
  };
}

/** Every key that ever signed, for `/.well-known/jwks.json`. */
export const publishedKeys = (pool: Pool): Promise<JWK[]> =>
  acrossProjects(pool, async (tx) =>
    (await tx.query<{ public_jwk: JWK }>('select public_jwk from issuer_keys order by created_at')).map(
      ({ public_jwk }) => public_jwk,
    ),
  );
