import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ServiceFailed } from './service-failed.ts';

/** The file of a data folder's root key. It is outside that folder, so that a copy of the data does not contain the key. */
export function rootKeyFile(dataDir: string, env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state');
  return join(state, 'letsping', `${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.root-key`);
}

const holdsData = (dataDir: string) =>
  readdirSync(dataDir).some((name) => name === 'pg' || /^keys.*\.json$/.test(name));

/**
 * The root key, 32 bytes in base64: `LETSPING_ROOT_KEY`, else that of this data folder, created when the folder is new.
 * @throws ServiceFailed `root_key_missing` if there is data but no key: a new key could not decrypt the data.
 */
export function localRootKey(dataDir: string, env: NodeJS.ProcessEnv): string {
  if (env['LETSPING_ROOT_KEY']) return env['LETSPING_ROOT_KEY'];
  const file = rootKeyFile(dataDir, env);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (holdsData(dataDir)) {
    throw new ServiceFailed(
      'root_key_missing',
      `${dataDir} holds data, but its root key ${file} is missing, and without it the data cannot be decrypted`,
      'restore the key file, set LETSPING_ROOT_KEY, or start with a new folder in LETSPING_DATA_DIR',
    );
  }
  const key = randomBytes(32).toString('base64');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
