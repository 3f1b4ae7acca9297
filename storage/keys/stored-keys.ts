import type { Pool } from 'pg';
import type { SealedIssuerKey, StoredKeys, WrappedKey } from '../../crypto/keyring.ts';
import { acrossProjects, inProject } from '../db/transaction.ts';

/** Newest first. */
export const sealedIssuerKeys = (pool: Pool): Promise<(SealedIssuerKey & { sealed: Buffer })[]> =>
  acrossProjects(pool, (tx) =>
    tx.query<SealedIssuerKey & { sealed: Buffer }>('select kid, sealed from issuer_keys order by created_at desc, kid'),
  );

/** What a keyring reads from the database: wrapped and sealed keys only. */
export const storedKeys = (pool: Pool): StoredKeys => ({
  project: (project_id) =>
    inProject(pool, project_id, async (tx) => {
      const rows = await tx.query<WrappedKey & { wrapped_key: Buffer }>(
        'select root_key_id, wrapped_key from projects where id = $1',
        [project_id],
      );
      return rows[0];
    }),
  issuers: () => sealedIssuerKeys(pool),
});
