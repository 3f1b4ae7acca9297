import { createKeyring, type OpenedIssuerKey } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { loadConfig } from '../../runtime/config.ts';
import { createActLog } from '../../storage/acts/act-log.ts';
import { createPool } from '../../storage/db/pool.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import {
  listSigningKeys,
  retireSigningKey,
  revokeSigningKey,
  rotateSigningKey,
  type SigningKeyDeps,
} from '../../storage/keys/signing-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { type Terminal, UsageError } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';
import { jsonLine, table, visible } from '../text.ts';

const MAX_REASON = 200;

interface Json {
  json: boolean;
}

/** What is printed of a key. */
const shown = ({ kid, retired_at, revoked }: OpenedIssuerKey) => ({
  kid,
  state: revoked ? 'revoked' : retired_at === undefined ? 'signs' : 'retired',
  retired_at: retired_at ?? null,
  revoked_at: revoked?.at ?? null,
  reason: revoked?.reason ?? null,
});

async function within<T>(env: NodeJS.ProcessEnv, work: (deps: SigningKeyDeps) => Promise<T>): Promise<T> {
  const config = loadConfig(env);
  const root = parseRootKey(config.root_key);
  const pool = createPool(config.database_url, { max: 2 });
  try {
    await refuseForeignRootKey(pool, root);
    const keyring = createKeyring(root, storedKeys(pool));
    const anchor = config.anchor_file === undefined ? undefined : anchorFile(config.anchor_file);
    return await work({ pool, keyring, acts: createActLog({ pool, keyring, anchor }) });
  } finally {
    await pool.end();
  }
}

export async function list({ json }: Json, { env, out }: Terminal): Promise<0> {
  const keys = (await within(env, listSigningKeys).catch(startRefusal)).map(shown);
  if (json) out(jsonLine({ items: keys }));
  else if (keys.length === 0) out('There is no signing key yet: the first start of api or worker creates it.\n');
  else {
    const rows = keys.map(({ kid, state, retired_at, revoked_at, reason }) => [
      kid,
      state,
      revoked_at === null ? (retired_at ?? '-') : visible(`${revoked_at}: ${reason}`),
    ]);
    out(table([['KID', 'STATE', 'SINCE'], ...rows]));
  }
  return 0;
}

export async function rotate({ json }: Json, { env, out }: Terminal): Promise<0> {
  const kid = await within(env, rotateSigningKey).catch(startRefusal);
  out(json ? jsonLine({ kid }) : `${kid} signs from now on. Publish the key set again to those who keep a copy.\n`);
  return 0;
}

const known = (kid: string, found: string | undefined): string => {
  if (found === undefined) throw new UsageError(`there is no signing key ${visible(kid)}`);
  return found;
};

export async function retire({ kid, json }: Json & { kid: string }, { env, out }: Terminal): Promise<0> {
  known(kid, await within(env, (deps) => retireSigningKey(deps, kid)).catch(startRefusal));
  out(json ? jsonLine({ kid }) : `${kid} is retired: it signs no new receipts.\n`);
  return 0;
}

export async function revoke(
  { kid, reason, json }: Json & { kid: string; reason: string },
  { env, out, err }: Terminal,
): Promise<0> {
  if (reason.trim() === '' || reason.length > MAX_REASON)
    throw new UsageError(`--reason needs 1 to ${MAX_REASON} characters`);
  const onWait = (ms: number) =>
    err(`${kid} is retired. It is revoked in ${ms / 1_000} s, when every process signs with another key.\n`);
  known(kid, await within(env, (deps) => revokeSigningKey(deps, kid, reason, onWait)).catch(startRefusal));
  out(json ? jsonLine({ kid }) : `${kid} is revoked. Publish the key set again to those who keep a copy.\n`);
  return 0;
}
