import type { Pool } from 'pg';
import type { RootKey } from '../crypto/root-key.ts';
import { migrationsAtHead } from './migrate.ts';
import { rootKeyIds } from './projects.ts';

/** This process must not start on this database. The message says what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/**
 * Before anything is written: the schema is this release's, and the root key is the one that sealed the data.
 * @throws StartRefused
 */
export async function refuseForeignRootKey(pool: Pool, root: RootKey): Promise<void> {
  const atHead = await migrationsAtHead(pool).catch((error: Error & { code?: string }) => {
    if (error.code === '42P01') return false; // no schema_migrations
    throw error;
  });
  if (!atHead) throw new StartRefused('the database is not migrated to this release: run letsping migrate');
  const foreign = (await rootKeyIds(pool)).filter((id) => id !== root.id);
  if (foreign.length > 0) throw new StartRefused(`LETSPING_ROOT_KEY (${root.id}) does not open this database, which is sealed under ${foreign.join(', ')}. Start with that key`);
}
