import { createKeyring } from '../crypto/keyring.ts';
import { parseRootKey } from '../crypto/root-key.ts';
import { createPool } from './pool.ts';
import { loadProjectKey } from './projects.ts';
import { createThreadStore, type ThreadStore } from './thread-store.ts';

/**
 * The threads of one project, for a process of a team that has the database beside it.
 *
 * @throws RootKeyRefused
 * @example
 * const threads = openThreadStore({ databaseUrl, rootKey: process.env.LETSPING_ROOT_KEY, project_id: 'prj_…' });
 * const graph = builder.compile({ checkpointer: new LetsPingCheckpointer({ store: threads.store, lp, graph: 'payments' }) });
 */
export function openThreadStore(options: { databaseUrl: string; rootKey: string; project_id: string }): {
  store: ThreadStore;
  close(): Promise<void>;
} {
  const pool = createPool(options.databaseUrl);
  const keyring = createKeyring(parseRootKey(options.rootKey), loadProjectKey(pool));
  return {
    store: createThreadStore({ pool, keyring, project_id: options.project_id }),
    close: () => pool.end(),
  };
}
