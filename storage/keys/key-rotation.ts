import type { Pool } from 'pg';
import { issuerKeyContext, type Keyring, type WrappedKey } from '../../crypto/keyring.ts';
import { acrossProjects } from '../db/transaction.ts';
import { sealedIssuerKeys } from './stored-keys.ts';

export interface Rotated {
  /** Rewrapped under the active root key. */
  projects: number;
  issuer_keys: number;
  /** Already under the active root key. */
  unchanged: number;
}

const BATCH = 200;

/** One transaction. It locks its rows, so that concurrent rotations take different ones. */
async function rewrapBatch(pool: Pool, keyring: Keyring): Promise<number> {
  return acrossProjects(pool, async (tx) => {
    const rows = await tx.query<WrappedKey & { id: string; wrapped_key: Buffer }>(
      'select id, root_key_id, wrapped_key from projects where root_key_id <> $1 order by id limit $2 for update skip locked',
      [keyring.root.id, BATCH],
    );
    const wrapped = rows.flatMap(({ id, ...stored }) => {
      const key = keyring.rewrapProjectKey(id, stored);
      return key ? [{ id, key: Buffer.from(key.wrapped_key) }] : [];
    });
    if (wrapped.length > 0) {
      await tx.query(
        `update projects p set root_key_id = $1, wrapped_key = n.key from unnest($2::text[], $3::bytea[]) as n (id, key) where p.id = n.id`,
        [keyring.root.id, wrapped.map(({ id }) => id), wrapped.map(({ key }) => key)],
      );
    }
    return wrapped.length;
  });
}

/**
 * Rewraps every project key and issuer key under the active root key. Sealed data does not change, and a process that holds both
 * root keys can read it throughout. Safe to repeat and to interrupt.
 * @throws KeyUnavailable, SealBroken when a key is wrapped under a root key that is not held. Keys before it stay rotated.
 */
export async function rotateRootKey(pool: Pool, keyring: Keyring): Promise<Rotated> {
  const [{ projects: all } = { projects: 0 }] = await acrossProjects(pool, (tx) =>
    tx.query<{ projects: number }>('select count(*)::int as projects from projects'),
  );
  let projects = 0;
  for (let done = await rewrapBatch(pool, keyring); done > 0; done = await rewrapBatch(pool, keyring)) projects += done;
  const issuers = await sealedIssuerKeys(pool);
  let issuer_keys = 0;
  for (const { kid, sealed } of issuers) {
    const resealed = await keyring.resealGlobal(issuerKeyContext(kid), sealed);
    if (!resealed) continue;
    await acrossProjects(pool, (tx) => tx.query('update issuer_keys set sealed = $2 where kid = $1', [kid, resealed]));
    issuer_keys += 1;
  }
  return { projects, issuer_keys, unchanged: all - projects + issuers.length - issuer_keys };
}
