/** For programs with access to the database: a team's resume worker, a graph with its checkpointer. */
import { createKeyring } from '../crypto/keyring.ts';
import { parseRootKey } from '../crypto/root-key.ts';
import type { ThreadStore } from '../domain/thread/ports.ts';
import { createPool } from './db/pool.ts';
import { refuseForeignRootKey } from './db/start-up.ts';
import { storedKeys } from './keys/stored-keys.ts';
import { createThreadStore } from './threads/thread-store.ts';

export type { ThreadStore } from '../domain/thread/ports.ts';

export interface OpenThreadStoreOptions {
  /** `postgres://…` of the login that api and worker use. */
  databaseUrl: string;
  /** `LETSPING_ROOT_KEY`: base64 of 32 bytes. */
  rootKey: string;
  projectId: string;
}

/**
 * The store that a `LetsPingCheckpointer` writes to. `close` ends its connections.
 * @throws RootKeyRefused, StartRefused: a weak key, one that did not seal this database, a database of another release.
 */
export async function openThreadStore({
  databaseUrl,
  rootKey,
  projectId,
}: OpenThreadStoreOptions): Promise<{ store: ThreadStore; close(): Promise<void> }> {
  const root = parseRootKey(rootKey);
  const pool = createPool(databaseUrl);
  await refuseForeignRootKey(pool, root);
  const stored = storedKeys(pool);
  const store = createThreadStore({ pool, keyring: createKeyring(root, stored), project_id: projectId });
  const close = async () => {
    await Promise.all([pool.end(), stored.end()]);
  };
  return { store, close };
}
