import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { TERMINAL } from '../../domain/acts/act.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { loadConfig } from '../../runtime/config.ts';
import { createActLog } from '../../storage/acts/act-log.ts';
import { createPool } from '../../storage/db/pool.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import { onceInProject } from '../../storage/db/transaction.ts';
import { projectIds } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import {
  isRetentionDays,
  MAX_RETENTION_DAYS,
  type RetentionDays,
  readRetention,
  setRetention,
} from '../../storage/retention/retention-days.ts';
import { type Terminal, UsageError } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';
import { jsonLine, table, visible } from '../text.ts';

async function deployment(env: NodeJS.ProcessEnv) {
  const config = loadConfig(env);
  const root = parseRootKey(config.root_key);
  const pool = createPool(config.database_url, { max: 2 });
  try {
    await refuseForeignRootKey(pool, root);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const keyring = createKeyring(root, storedKeys(pool));
  const anchor = config.anchor_file === undefined ? undefined : anchorFile(config.anchor_file);
  return { pool, keyring, acts: createActLog({ pool, keyring, anchor }) };
}

const sentence = (days: RetentionDays) =>
  days === null ? 'payloads are kept without a limit' : `payloads are removed ${days} days after the outcome`;

export async function list({ json }: { json: boolean }, { env, out }: Terminal): Promise<0> {
  const items = await settings(env).catch(startRefusal);
  if (json) out(jsonLine({ items }));
  else if (items.length === 0) out('There is no project yet.\n');
  else out(table(items.map(({ project_id, days, since }) => [project_id, sentence(days), since ?? ''])));
  return 0;
}

async function settings(env: NodeJS.ProcessEnv) {
  const { pool, keyring } = await deployment(env);
  try {
    const items: { project_id: string; days: RetentionDays; since: string | null }[] = [];
    for (const project_id of await projectIds(pool, null)) {
      const sealer = await keyring.sealer(project_id);
      const { days, since } = await onceInProject(pool, project_id, (tx) => readRetention(tx, sealer));
      items.push({ project_id, days, since: since?.toISOString() ?? null });
    }
    return items;
  } finally {
    await pool.end();
  }
}

/** Strict: `30d` or `1e2` sets nothing. */
function daysOf(text: string): RetentionDays {
  if (text === 'unlimited') return null;
  const days = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
  if (!isRetentionDays(days)) throw new UsageError(`DAYS is 1 to ${MAX_RETENTION_DAYS}, or unlimited`);
  return days;
}

export interface SetOptions {
  days: string;
  project?: string | undefined;
  json: boolean;
}

export async function set({ days: text, project, json }: SetOptions, { env, out }: Terminal): Promise<0> {
  const days = daysOf(text);
  const project_id = await setFor(env, project, days).catch(startRefusal);
  out(json ? jsonLine({ project_id, days }) : `${project_id}: ${sentence(days)}\n`);
  return 0;
}

async function setFor(env: NodeJS.ProcessEnv, project: string | undefined, days: RetentionDays): Promise<string> {
  const { pool, acts } = await deployment(env);
  try {
    const ids = await projectIds(pool, null);
    if (project !== undefined && !ids.includes(project))
      throw new UsageError(`there is no project ${visible(project)}`);
    if (project === undefined && ids.length !== 1)
      throw new UsageError(
        ids.length === 0 ? 'there is no project yet' : 'there are several projects: add --project ID',
      );
    const project_id = project ?? ids[0]!;
    await setRetention(acts, project_id, days, TERMINAL);
    return project_id;
  } finally {
    await pool.end();
  }
}
