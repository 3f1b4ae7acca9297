import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { loadConfig } from '../../runtime/config.ts';
import { createPool } from '../../storage/db/pool.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import { rotateRootKey } from '../../storage/keys/key-rotation.ts';
import { rootKeyReferences } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import type { Terminal } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';

/** Wraps every key again, under the first root key of the list; data is not rewritten. */
export async function rotateDeployment({ json }: { json: boolean }, { env, out }: Terminal): Promise<0> {
  const rotated = await rotate(env).catch(startRefusal);
  const { root_key_id, projects, issuer_keys, unchanged } = rotated;
  out(
    json
      ? `${JSON.stringify(rotated)}\n`
      : `under ${root_key_id}: ${projects} project keys and ${issuer_keys} signing keys wrapped, ${unchanged} unchanged\n`,
  );
  return 0;
}

async function rotate(env: NodeJS.ProcessEnv) {
  const config = loadConfig(env);
  const root = parseRootKey(config.root_key);
  const pool = createPool(config.database_url, { max: 2 });
  try {
    await refuseForeignRootKey(pool, root);
    const rotated = await rotateRootKey(pool, createKeyring(root, storedKeys(pool)));
    return { root_key_id: root.id, ...rotated, references: await rootKeyReferences(pool) };
  } finally {
    await pool.end();
  }
}
