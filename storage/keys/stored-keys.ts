import type { Pool } from 'pg';
import { isId } from '../../crypto/ids.ts';
import type { SealedIssuerKey, StoredKeys, WrappedKey } from '../../crypto/keyring.ts';
import { createPool } from '../db/pool.ts';
import { acrossProjects, inProject, type Transaction } from '../db/transaction.ts';

type SealedRow = SealedIssuerKey & { sealed: Buffer };

/** Newest first. */
export const issuerKeysOf = (tx: Transaction): Promise<SealedRow[]> =>
  tx.query<SealedRow>('select kid, sealed from issuer_keys order by created_at desc, kid');

/** Newest first. */
export const sealedIssuerKeys = (pool: Pool): Promise<SealedRow[]> => acrossProjects(pool, issuerKeysOf);

export async function wrappedKeyOf(tx: Transaction, project_id: string): Promise<WrappedKey | undefined> {
  const rows = await tx.query<WrappedKey & { wrapped_key: Buffer }>(
    'select root_key_id, wrapped_key from projects where id = $1',
    [project_id],
  );
  return rows[0];
}

/**
 * What a keyring reads from the database: wrapped and sealed keys only. Signing keys are read on a connection of their own: a receipt is
 * verified inside a transaction, and as many of them at once as the pool has connections would wait for each other.
 */
export function storedKeys(pool: Pool): StoredKeys & {
  /** Closes the connection of its own; that of `pool` stays. */
  end(): Promise<void>;
} {
  let own: Pool | undefined;
  return {
    // The id may come from a row that the attacker wrote: what is no project's id has no key.
    project: async (project_id) =>
      isId('prj', project_id) ? inProject(pool, project_id, (tx) => wrappedKeyOf(tx, project_id)) : undefined,
    issuers() {
      const { connectionString } = pool.options;
      own ??= connectionString === undefined ? pool : createPool(connectionString, { max: 1 });
      return sealedIssuerKeys(own);
    },
    end: async () => {
      if (own !== pool) await own?.end();
    },
  };
}
