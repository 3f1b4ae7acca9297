import { parseRootKey } from '../../crypto/root-key.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { createLoginLink } from '../../storage/access/login-link.ts';
import { ensureAppLogin } from '../../storage/db/app-login.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { type LocalKeys, localAnchorFile, localKeys } from './local-keys.ts';
import { type Postgres, type StartOptions, startPostgres } from './postgres.ts';

/** The user that the link signs in: the owner of the approver's key that bootstrapping creates. */
const LOCAL_OWNER = 'dev-approver';

export interface LocalDatabaseOptions extends StartOptions {
  rootKey: string;
  acceptSignals: boolean;
  /** Called when the server was started, before it is used. */
  started: (postgres: Postgres) => void;
}

export interface LocalDatabase {
  postgres: Postgres;
  /** Connects as the login of api and worker. */
  databaseUrl: string;
  keys: LocalKeys & { fresh: boolean };
  /** Signs in once at the console. */
  login_token: string;
}

/** Starts PostgreSQL and makes it ready for api and worker: tables, login, the project with its keys. */
export async function startDatabase(options: LocalDatabaseOptions): Promise<LocalDatabase> {
  const { env, dataDir, progress, rootKey, acceptSignals, started } = options;
  const anchor = anchorFile(localAnchorFile(dataDir, env));
  const postgres = await startPostgres(options);
  started(postgres);
  const { adopted } = await migrate(postgres.url, { root: parseRootKey(rootKey), anchored: await anchor.read() });
  for (const { name, keys, open_requests } of adopted)
    progress(
      `Rows of the release before were adopted: ${name}, ${keys.count} keys, ${open_requests.count} open requests`,
    );
  const databaseUrl = await ensureAppLogin(postgres.url);
  const keys = await localKeys(dataDir, env, async () => {
    // Only a new folder needs the rules of policies.
    const { bootstrapDev } = await import('../../storage/access/bootstrap.ts');
    return bootstrapDev({ databaseUrl, rootKey, anchor, acceptSignals });
  });
  // Before api and worker compare the anchor with the database: the act of the link is written to both.
  const login_token = await createLoginLink({
    databaseUrl,
    rootKey,
    anchor,
    project_id: keys.project_id,
    owner: LOCAL_OWNER,
  });
  progress(`PostgreSQL ${postgres.version} is ready`);
  return { postgres, databaseUrl, keys, login_token };
}
