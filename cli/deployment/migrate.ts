import { parseRootKey } from '../../crypto/root-key.ts';
import type { Anchor } from '../../domain/acts/ports.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { secretFrom } from '../../runtime/config.ts';
import { createFirstProject, type FirstProject } from '../../storage/access/bootstrap.ts';
import { ensureAppLogin } from '../../storage/db/app-login.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { createPool } from '../../storage/db/pool.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import { firstProject } from '../../storage/keys/projects.ts';
import { CommandFailed, type Terminal } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';
import { adoptionReport } from './adoption-report.ts';

const APP_LOGIN = 'letsping_service';

const anchorOf = ({ LETSPING_ANCHOR_FILE: path }: NodeJS.ProcessEnv): Anchor | undefined =>
  path ? anchorFile(path) : undefined;

/** Creates the first project; undefined when there is one. With a root key that does not open the data it writes nothing. */
async function makeFirstProject(
  databaseUrl: string,
  rootKey: string,
  name: string,
  anchor: Anchor | undefined,
): Promise<FirstProject | undefined> {
  const pool = createPool(databaseUrl, { max: 1 });
  try {
    await refuseForeignRootKey(pool, parseRootKey(rootKey));
    if (await firstProject(pool)) return undefined;
  } finally {
    await pool.end();
  }
  return createFirstProject({ databaseUrl, rootKey, name, environment: 'live', anchor });
}

export interface MigrateOptions {
  'first-project': string | undefined;
  json: boolean;
}

/** Migrates the database; can also create the first project and its keys. */
export async function migrateDeployment(
  { 'first-project': name, json }: MigrateOptions,
  { env, out, err }: Terminal,
): Promise<0> {
  try {
    const url = secretFrom(env, 'DATABASE_URL');
    if (!url)
      throw new CommandFailed(
        'configuration',
        'DATABASE_URL is missing',
        'DATABASE_URL=postgres://owner:…@host/letsping letsping migrate',
      );
    const rootKey = secretFrom(env, 'LETSPING_ROOT_KEY');
    if (name !== undefined) parseRootKey(rootKey ?? '');
    const anchor = anchorOf(env);
    const { applied, adopted, connect_revoked } = await migrate(url, {
      root: rootKey === undefined ? undefined : parseRootKey(rootKey),
      anchored: await anchor?.read(),
    });
    const password = secretFrom(env, 'LETSPING_APP_PASSWORD');
    const app_login = password === undefined ? undefined : env['LETSPING_APP_LOGIN'] || APP_LOGIN;
    if (app_login !== undefined && password !== undefined) await ensureAppLogin(url, { login: app_login, password });
    const project = name === undefined ? undefined : await makeFirstProject(url, rootKey ?? '', name, anchor);
    if (json)
      out(
        `${JSON.stringify({ applied, ...(adopted.length > 0 && { adopted }), ...(connect_revoked && { connect_revoked }), ...(app_login && { app_login }), ...(project && { project }) })}\n`,
      );
    else {
      err(applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'the database is up to date\n');
      out(adoptionReport(adopted));
      if (connect_revoked)
        err('only the owner of the database and members of letsping_app may connect to it from now on\n');
      if (app_login) err(`${app_login} may log in\n`);
      if (project)
        out(
          Object.entries(project)
            .map(([key, value]) => `${key.padEnd(18)} ${value}\n`)
            .join(''),
        );
    }
    if (name !== undefined && !project) err('there is already a project: none was created\n');
    return 0;
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    return startRefusal(error);
  }
}
