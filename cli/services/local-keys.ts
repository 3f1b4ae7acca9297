import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from './data-dir.ts';

/** The project of a local system, and one API key for each role. */
export interface LocalKeys {
  project_id: string;
  agent_api_key: string;
  approver_api_key: string;
  admin_api_key: string;
}

/** One file per database: a key is valid only in the database where it was created. */
function keysFile(dataDir: string, env: NodeJS.ProcessEnv): string {
  if (!env['DATABASE_URL']) return join(dataDir, 'keys.json');
  const { host, pathname } = new URL(env['DATABASE_URL']);
  return join(dataDir, `keys-${createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 12)}.json`);
}

/** The keys of this data folder. `make` creates them if there are none; `fresh` is true then. */
export async function localKeys(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  make: () => Promise<LocalKeys>,
): Promise<LocalKeys & { fresh: boolean }> {
  const file = keysFile(dataDir, env);
  const kept = readJson<LocalKeys>(file);
  if (kept) return { ...kept, fresh: false };
  const { project_id, agent_api_key, approver_api_key, admin_api_key } = await make();
  const keys = { project_id, agent_api_key, approver_api_key, admin_api_key };
  writeJson(file, keys);
  return { ...keys, fresh: true };
}
