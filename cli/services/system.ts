import { ensureAppLogin } from '../../storage/app-login.ts';
import { bootstrapDev, createLoginLink } from '../../storage/bootstrap.ts';
import { migrate } from '../../storage/migrate.ts';
import { CommandFailed } from '../command.ts';
import { lockDataDir, openDataDir } from './data-dir.ts';
import { type LocalKeys, localKeys } from './keys-file.ts';
import { endLeftovers, type ServiceName } from './leftovers.ts';
import { assertLoopback } from './loopback.ts';
import { startPostgres } from './postgres.ts';
import { createProcesses, type Processes } from './processes.ts';
import { startApi, startWorker } from './programs.ts';
import { localRootKey } from './root-key.ts';
import { ServiceFailed } from './service.ts';
import { startTemporal } from './temporal.ts';

export interface SystemOptions {
  env: NodeJS.ProcessEnv;
  /** Absent: `LETSPING_DATA_DIR`, else `./.letsping`. */
  dataDir?: string;
  progress: (line: string) => void;
  /** No line but those about trouble. */
  quiet?: boolean;
  /** The data need not survive a power cut. */
  throwaway?: boolean;
  /** Ends a start that is under way, too; `stop` is still to be called after one that succeeded. */
  signal?: AbortSignal;
}

/** All that somebody needs to talk to a running system. */
export interface SystemInfo extends LocalKeys {
  /** Base URL of the API; ends in `/api`. */
  api_url: string;
  /** Signs in once, then leads to the console. */
  console_url: string;
  public_url: string;
  temporal_address: string;
  temporal_namespace: string;
  /** null: a server that is not ours. */
  temporal_ui_url: string | null;
  /** Of the database's owner. */
  database_url: string;
}

export interface System extends SystemInfo {
  /** Whether this start made the project and its keys. */
  fresh: boolean;
  data_dir: string;
  pids(): Partial<Record<ServiceName, number>>;
  /** SIGKILL; it stays down until `restartWorker`. */
  killWorker(): Promise<void>;
  restartWorker(): Promise<void>;
  /** In order, and nothing is left running. Safe to call twice. */
  stop(): Promise<void>;
}

/** As whom the link signs in: the owner of the approver's key that bootstrapping makes. */
const LOCAL_OWNER = 'dev-approver';

/** Starts PostgreSQL, Temporal, the API and a worker on this machine, and waits until all of them are ready. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { env, signal } = options;
  for (const target of [env['DATABASE_URL'], env['TEMPORAL_ADDRESS']]) if (target) assertLoopback(target, env);
  const dataDir = openDataDir(options.dataDir ? { ...env, LETSPING_DATA_DIR: options.dataDir } : env);
  const lock = lockDataDir(dataDir);
  const processes = createProcesses({ dataDir, progress: options.progress });
  const releases: (() => void)[] = [lock.release];
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= processes.stopAll().finally(() => {
      for (const release of releases) release();
    });
    return stopped;
  };
  const onAbort = () => void stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    return { ...(await bringUp(options, dataDir, processes, releases)), stop };
  } catch (error) {
    await stop();
    if (error instanceof ServiceFailed)
      throw new CommandFailed('service_failed', error.message, undefined, { cause: error });
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function bringUp(
  { env, progress, quiet, throwaway = false, signal }: SystemOptions,
  dataDir: string,
  processes: Processes,
  releases: (() => void)[],
): Promise<Omit<System, 'stop'>> {
  await endLeftovers(dataDir, progress);
  const rootKey = localRootKey(dataDir, env);
  const tell = quiet ? () => {} : progress;
  const common = { env, dataDir, progress: tell, processes, throwaway, ...(signal && { signal }) };

  const database = startPostgres(common).then(async (postgres) => {
    releases.push(postgres.release);
    await migrate(postgres.url);
    const databaseUrl = await ensureAppLogin(postgres.url);
    const keys = await localKeys(dataDir, env, () => bootstrapDev({ databaseUrl, rootKey }));
    tell(`PostgreSQL ${postgres.version} is ready`);
    return { postgres, databaseUrl, keys };
  });
  const server = startTemporal(common).then((temporal) => {
    releases.push(temporal.release);
    tell(`Temporal ${temporal.version} is ready`);
    return temporal;
  });
  const [{ postgres, databaseUrl, keys }, temporal] = await all(database, server);

  const programs = { env, dataDir, processes, database_url: databaseUrl, temporal, rootKey };
  const link = (public_url: string) =>
    createLoginLink({ databaseUrl, project_id: keys.project_id, owner: LOCAL_OWNER }).then(
      (token) => `${public_url}/login?once=${token}`,
    );
  const listening = startApi(programs).then(async (api) => {
    releases.push(api.release);
    return { ...api, console_url: await link(api.public_url) };
  });
  const [api, worker] = await all(listening, startWorker(programs));
  tell('API and worker are ready');
  return {
    ...keys,
    api_url: `${api.public_url}/api`,
    console_url: api.console_url,
    public_url: api.public_url,
    temporal_address: temporal.address,
    temporal_namespace: temporal.namespace,
    temporal_ui_url: temporal.ui_url ?? null,
    database_url: postgres.url,
    data_dir: dataDir,
    pids: processes.pids,
    killWorker: worker.kill,
    restartWorker: worker.restart,
  };
}

/** As `Promise.all`, but a failure is told only when both have come to rest: nothing starts behind a stop's back. */
async function all<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
