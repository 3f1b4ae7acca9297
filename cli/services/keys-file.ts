import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from './data-dir.ts';

/** What bootstrapping a local system made: one project and a key for each role. */
export interface LocalKeys {
  project_id: string;
  agent_api_key: string;
  approver_api_key: string;
  admin_api_key: string;
}

/** One file per database: keys made in one are worth nothing in another. */
function keysFile(dataDir: string, env: NodeJS.ProcessEnv): string {
  if (!env['DATABASE_URL']) return join(dataDir, 'keys.json');
  const { host, pathname } = new URL(env['DATABASE_URL']);
  return join(dataDir, `keys-${createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 12)}.json`);
}

/** The keys of this data folder, made when there are none; `fresh` says that they were. */
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
