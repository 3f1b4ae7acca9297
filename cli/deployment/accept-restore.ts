import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { ActSummary } from '../../domain/acts/act.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { loadConfig } from '../../runtime/config.ts';
import { type Accepted, type AcceptedProject, acceptRestore } from '../../storage/acts/accept-restore.ts';
import { createPool } from '../../storage/db/pool.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { type Terminal, UsageError } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';
import { visible } from '../text.ts';

const MAX_REASON = 500;

export interface RestoreOptions {
  accept: boolean;
  reason: string;
  json: boolean;
}

async function accept(env: NodeJS.ProcessEnv, reason: string): Promise<Accepted & { anchored: boolean }> {
  const config = loadConfig(env);
  const root = parseRootKey(config.root_key);
  const pool = createPool(config.database_url, { max: 2 });
  try {
    await refuseForeignRootKey(pool, root);
    const anchor = config.anchor_file === undefined ? undefined : anchorFile(config.anchor_file);
    const accepted = await acceptRestore({ pool, keyring: createKeyring(root, storedKeys(pool)), anchor, reason });
    return { ...accepted, anchored: anchor !== undefined };
  } finally {
    await pool.end();
  }
}

const line = ({ number, kind, subject, actor, at }: ActSummary) =>
  visible(
    `${number} ${kind.replaceAll('_', ' ')}${subject === null ? '' : ` ${subject}`}${actor === null ? '' : ` by ${actor}`}, ${at}`,
  );

function linesOf({ project_id, epoch, fault, lost, lost_unnamed }: AcceptedProject): string[] {
  const count = lost.length + lost_unnamed;
  return [
    `project ${project_id}: epoch ${epoch}${fault === undefined ? '' : `, accepted although ${fault}`}`,
    ...(count === 0
      ? []
      : [`  lost: ${count} administrative act${count === 1 ? '' : 's'}. Repeat those that still apply`]),
    ...(lost_unnamed === 0 ? [] : [`    ${lost_unnamed} older ones, which the anchor does not name`]),
    ...lost.map((act) => `    ${line(act)}`),
  ];
}

/** Accepts the state of the database, and prints what was lost. */
export async function acceptRestored(
  { accept: isAccepted, reason, json }: RestoreOptions,
  { env, out, err }: Terminal,
): Promise<0> {
  if (!isAccepted) throw new UsageError('--accept is missing: this command only accepts a database that was restored');
  if (reason.trim() === '' || reason.length > MAX_REASON)
    throw new UsageError(`--reason needs 1 to ${MAX_REASON} characters`);
  const { anchored, projects, missing } = await accept(env, reason).catch(startRefusal);
  if (json) {
    out(`${JSON.stringify({ projects, missing })}\n`);
    return 0;
  }
  for (const id of missing) out(`project ${visible(id)} is lost: the anchor had it\n`);
  out(
    projects
      .flatMap(linesOf)
      .map((text) => `${text}\n`)
      .join(''),
  );
  if (projects.length === 0 && missing.length === 0)
    err(anchored ? 'the database is what the anchor says: nothing was written\n' : 'there is no project\n');
  else err('api and worker start again\n');
  if (!anchored) err('without LETSPING_ANCHOR_FILE it is not known what was lost\n');
  return 0;
}
