import { parseArgs } from 'node:util';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { loadConfig } from '../../runtime/config.ts';
import { createPool } from '../../storage/db/pool.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import { rotateRootKey } from '../../storage/keys/key-rotation.ts';
import { loadProjectKey, rootKeyReferences } from '../../storage/keys/projects.ts';
import type { Command } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';

/** Wraps every key again, under the first root key of the list; data is not rewritten. */
export const rotateRootKeyCommand: Command = {
  summary: 'wrap all keys under the first of several root keys',
  usage: `usage: letsping rotate-root-key [--json]

LETSPING_ROOT_KEY contains the new and the old root key, comma-separated: NEW,OLD. Wraps every project's key and every signing
key again, under NEW; sealed data is not changed. Api and worker keep running if they have both keys
(docs/operations.md, "Rotating the root key"). Safe to repeat. Needs the DATABASE_URL of api and worker.

  --json  print { root_key_id, projects, issuer_keys, unchanged, references } as JSON`,
  async run(args, { env, out }) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
    const rotated = await rotate(env).catch(startRefusal);
    if (values.json) out(`${JSON.stringify(rotated)}\n`);
    else {
      const { root_key_id, projects, issuer_keys, unchanged } = rotated;
      out(
        `under ${root_key_id}: ${projects} project keys and ${issuer_keys} signing keys wrapped, ${unchanged} unchanged\n`,
      );
    }
    return 0;
  },
};

async function rotate(env: NodeJS.ProcessEnv) {
  const config = loadConfig(env);
  const root = parseRootKey(config.root_key);
  const pool = createPool(config.database_url, { max: 2 });
  try {
    await refuseForeignRootKey(pool, root);
    const rotated = await rotateRootKey(pool, createKeyring(root, loadProjectKey(pool)));
    return { root_key_id: root.id, ...rotated, references: await rootKeyReferences(pool) };
  } finally {
    await pool.end();
  }
}
