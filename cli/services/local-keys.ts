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

/** `keys.json`. With a database of the user's own another name, because what the file says is valid in one database only. */
function fileOfDatabase(name: 'keys' | 'anchor', dataDir: string, env: NodeJS.ProcessEnv): string {
  if (!env['DATABASE_URL']) return join(dataDir, `${name}.json`);
  const { host, pathname } = new URL(env['DATABASE_URL']);
  return join(dataDir, `${name}-${createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 12)}.json`);
}

/** The anchor of a local system: `LETSPING_ANCHOR_FILE`, else a file of the data folder. */
export const localAnchorFile = (dataDir: string, env: NodeJS.ProcessEnv): string =>
  env['LETSPING_ANCHOR_FILE'] || fileOfDatabase('anchor', dataDir, env);

/** The keys of this data folder. `make` creates them if there are none; `fresh` is true then. */
export async function localKeys(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  make: () => Promise<LocalKeys>,
): Promise<LocalKeys & { fresh: boolean }> {
  const file = fileOfDatabase('keys', dataDir, env);
  const kept = readJson<LocalKeys>(file);
  if (kept) return { ...kept, fresh: false };
  const { project_id, agent_api_key, approver_api_key, admin_api_key } = await make();
  const keys = { project_id, agent_api_key, approver_api_key, admin_api_key };
  writeJson(file, keys);
  return { ...keys, fresh: true };
}
