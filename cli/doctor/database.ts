import type { Pool } from 'pg';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey, type RootKey } from '../../crypto/root-key.ts';
import type { Config } from '../../runtime/config.ts';
import { connectRights } from '../../storage/db/connect-rights.ts';
import { migrationsAtHead } from '../../storage/db/migrate.ts';
import { createPool } from '../../storage/db/pool.ts';
import { loginRights, serverClock } from '../../storage/db/server-info.ts';
import { refuseUnopened } from '../../storage/db/start-up.ts';
import { projectIds, rootKeyReferences } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { ACTS, administrativeActs } from './acts.ts';
import { type CheckResult, fail, messageOf, ok, skipped, warn } from './check.ts';
import { OWNERS, ownersApart } from './owners.ts';
import { RETENTION, retention } from './retention.ts';
import { authenticRows, ROWS } from './rows.ts';

const OLDEST_POSTGRES = 15;
const CLOCK_WARN_MS = 2_000;
const CLOCK_FAIL_MS = 60_000;
const KEYS_TRIED = 1_000;
const LOGINS_NAMED = 10;
export const CONNECT = 'right to connect';

export async function database(config: Config): Promise<CheckResult[]> {
  const root = rootKey(config.root_key);
  const parsed = 'id' in root ? root : undefined;
  const key: CheckResult = parsed
    ? ok('root key', `valid: ${[parsed, ...parsed.others].map(({ id }) => id).join(', ')}`)
    : (root as CheckResult);
  const pool = createPool(config.database_url, { max: 1 });
  try {
    const started = Date.now();
    const { version, now } = await serverClock(pool);
    const offset = now.getTime() - (started + Date.now()) / 2;
    const major = Number.parseInt(version, 10);
    const reached =
      major < OLDEST_POSTGRES
        ? fail('postgresql', `PostgreSQL ${version} is too old`, `use ${OLDEST_POSTGRES} or newer`)
        : ok('postgresql', `PostgreSQL ${version} answers`);
    const migrated = await migrations(pool);
    const rest =
      migrated.state === 'ok'
        ? [await login(pool), await connections(pool), ...(await opensAndRows(pool, parsed, config.anchor_file))]
        : skipped(['login', CONNECT, 'root key opens the data', ROWS, ACTS, RETENTION, OWNERS], 'needs the migrations');
    return [reached, clock(offset), migrated, ...rest.slice(0, 2), key, ...rest.slice(2)];
  } catch (error) {
    return [
      fail(
        'postgresql',
        `PostgreSQL does not answer: ${messageOf(error)}`,
        'start PostgreSQL, and check DATABASE_URL: host, port, database, user, password',
      ),
      ...skipped(['clock', 'migrations', 'login', CONNECT], 'PostgreSQL does not answer'),
      key,
      ...skipped(['root key opens the data', ROWS, ACTS, RETENTION, OWNERS], 'PostgreSQL does not answer'),
    ];
  } finally {
    await pool.end();
  }
}

function rootKey(text: string): RootKey | CheckResult {
  try {
    return parseRootKey(text);
  } catch (error) {
    return fail(
      'root key',
      messageOf(error),
      'set LETSPING_ROOT_KEY, or LETSPING_ROOT_KEY_FILE, to the root key of this deployment',
    );
  }
}

function clock(offset: number): CheckResult {
  const text = `the clocks of this machine and PostgreSQL differ by ${Math.abs(Math.round(offset))} ms`;
  const fix = 'synchronise both clocks (chrony, systemd-timesyncd)';
  if (Math.abs(offset) > CLOCK_FAIL_MS) return fail('clock', text, fix);
  return Math.abs(offset) > CLOCK_WARN_MS ? warn('clock', text, fix) : ok('clock', text);
}

async function migrations(pool: Pool): Promise<CheckResult> {
  const fix = 'run letsping migrate with the URL of the owner of the database';
  try {
    return (await migrationsAtHead(pool))
      ? ok('migrations', 'up to date')
      : fail('migrations', 'the database is older than this release', fix);
  } catch (error) {
    const { code, name } = error as { code?: string; name?: string };
    if (name === 'MigrationRefused')
      return fail('migrations', messageOf(error), 'start the release that migrated the database, or a newer one');
    if (code === '42P01') return fail('migrations', 'the database is empty', fix);
    if (code === '42501')
      return fail(
        'migrations',
        'this login may not read the tables',
        'grant letsping_app to the login (docs/deployment.md)',
      );
    throw error;
  }
}

async function login(pool: Pool): Promise<CheckResult> {
  const { login: name, superuser, bypassrls, owner, member } = await loginRights(pool);
  const fix = 'use a separate login: LETSPING_APP_PASSWORD=… letsping migrate creates one (docs/deployment.md)';
  const wrong = [
    superuser && 'is a superuser',
    bypassrls && 'has BYPASSRLS',
    owner && 'owns the tables',
    !member && !owner && !superuser && 'is not a member of letsping_app',
  ].filter((text) => typeof text === 'string');
  if (wrong.length > 0)
    return fail('login', `${name} ${wrong.join(', ')}: row-level security between projects does not apply to it`, fix);
  return ok('login', `${name} owns nothing and is subject to row-level security`);
}

/** A login that may connect can slow down api and worker by notices, and hears which requests have events; it can do no more. */
async function connections(pool: Pool): Promise<CheckResult> {
  const { public: isPublic, others, fix } = await connectRights(pool);
  const more = others.length > LOGINS_NAMED ? ` and ${others.length - LOGINS_NAMED} more` : '';
  const named = others.length > 0 ? `: ${others.slice(0, LOGINS_NAMED).join(', ')}${more}` : '';
  if (isPublic)
    return warn(
      CONNECT,
      `every login of this server may connect to the database${named}. Such a login can send notifications to api and worker, and hears the ids of requests`,
      `as the owner of the database: ${fix}`,
    );
  return ok(
    CONNECT,
    others.length === 0
      ? 'only the owner, superusers and members of letsping_app'
      : `the owner, superusers, members of letsping_app, and logins that were granted it${named}`,
  );
}

async function opensAndRows(pool: Pool, root: RootKey | undefined, anchor: string | undefined): Promise<CheckResult[]> {
  const opened = await opens(pool, root);
  if (!root || opened.state === 'fail')
    return [opened, ...skipped([ROWS, ACTS, RETENTION, OWNERS], 'the root key does not open the data')];
  return [
    opened,
    await authenticRows(pool, root),
    await administrativeActs(pool, root, anchor),
    await retention(pool, root),
    await ownersApart(pool, root),
  ];
}

async function opens(pool: Pool, root: RootKey | undefined): Promise<CheckResult> {
  const check = 'root key opens the data';
  if (!root) return skipped([check], 'the root key is invalid')[0]!;
  try {
    await refuseUnopened(pool, root);
    const keyring = createKeyring(root, storedKeys(pool));
    const ids = await projectIds(pool, KEYS_TRIED);
    for (const id of ids) await keyring.sealer(id);
    const references = Object.entries(await rootKeyReferences(pool)).filter(([id]) => id !== root.id);
    if (references.length > 0) {
      const text = references.map(([id, count]) => `${count} under ${id}`).join(', ');
      return warn(check, `yes, but a rotation is not finished: ${text}`, 'run letsping rotate-root-key');
    }
    return ok(
      check,
      ids.length === 0
        ? 'there is no project yet: letsping migrate --first-project NAME'
        : `${ids.length} project${ids.length === 1 ? '' : 's'} opened`,
    );
  } catch (error) {
    return fail(
      check,
      messageOf(error),
      'use the root key that sealed this database; sealed data cannot be read without it',
    );
  }
}
