import { randomBytes } from 'node:crypto';
import { newId } from '../../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../../crypto/keyring.ts';
import { parseRootKey } from '../../../crypto/root-key.ts';
import type { ThreadStore } from '../../../domain/thread/ports.ts';
import { inProject } from '../../../storage/db/transaction.ts';
import { insertProject } from '../../../storage/keys/projects.ts';
import { storedKeys } from '../../../storage/keys/stored-keys.ts';
import { createThreadStore } from '../../../storage/threads/thread-store.ts';
import { createDatabase, type TestDatabase } from '../../helpers/database.ts';

export interface Ground {
  database: TestDatabase;
  root_key: string;
  keyring: Keyring;
  /** Creates a project, and returns its store. */
  project(): Promise<{ project_id: string; store: ThreadStore }>;
}

/** Creates a database with a keyring. */
export async function createGround(): Promise<Ground> {
  const database = await createDatabase();
  const root_key = randomBytes(32).toString('base64');
  const keyring = createKeyring(parseRootKey(root_key), storedKeys(database.pool));
  return {
    database,
    root_key,
    keyring,
    async project() {
      const project_id = newId('prj');
      await inProject(database.pool, project_id, (tx) => insertProject(tx, 'test', keyring.wrapProjectKey(project_id)));
      return { project_id, store: createThreadStore({ pool: database.pool, keyring, project_id }) };
    },
  };
}
