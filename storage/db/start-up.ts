import type { Pool } from 'pg';
import { createKeyring, issuerKeyContext } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { rootKeyIds } from '../keys/projects.ts';
import { sealedIssuerKeys, storedKeys } from '../keys/stored-keys.ts';
import { migrationsAtHead } from './migrate.ts';

/** This process must not run on this database. The message says what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/**
 * Checks, before anything is written, that the schema is this release's and that the root key is the one that sealed the data.
 * @throws StartRefused
 */
export async function refuseForeignRootKey(pool: Pool, root: RootKey): Promise<void> {
  const atHead = await migrationsAtHead(pool).catch((error: Error & { code?: string }) => {
    if (error.code === '42P01') return false; // no schema_migrations
    throw error;
  });
  if (!atHead) throw new StartRefused('the database is not migrated to this release: run letsping migrate');
  await refuseUnopened(pool, root);
}

/**
 * Checks that every project key and every issuer key can be unsealed with one of these root keys. Reads only.
 * @throws StartRefused
 */
export async function refuseUnopened(pool: Pool, root: RootKey): Promise<void> {
  const held = [root, ...root.others].map(({ id }) => id);
  const foreign = (await rootKeyIds(pool)).filter((id) => !held.includes(id));
  if (foreign.length > 0) {
    throw new StartRefused(
      `LETSPING_ROOT_KEY (${held.join(', ')}) does not open this database, which is sealed under ${foreign.join(', ')}. Start with that key; during a rotation with both, a comma between them`,
    );
  }
  const keyring = createKeyring(root, storedKeys(pool));
  const [newest] = await sealedIssuerKeys(pool);
  if (newest) {
    await keyring.unsealGlobal(issuerKeyContext(newest.kid), newest.sealed).catch((cause: unknown) => {
      throw new StartRefused(
        `LETSPING_ROOT_KEY (${held.join(', ')}) does not open the signing key ${newest.kid} of this database. Start with the key that sealed it`,
        { cause },
      );
    });
  }
}
