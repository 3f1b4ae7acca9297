import { parseRootKey } from '../../crypto/root-key.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { bootstrapDev, createLoginLink } from '../../storage/access/bootstrap.ts';
import { ensureAppLogin } from '../../storage/db/app-login.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { lockDataDir, openDataDir } from './data-dir.ts';
import { endLeftovers } from './leftovers.ts';
import { type LocalKeys, localAnchorFile, localKeys } from './local-keys.ts';
import { assertLoopback } from './loopback.ts';
import { startPostgres } from './postgres.ts';
import type { ServiceName } from './process-records.ts';
import { createProcesses, type Processes } from './processes.ts';
import { type ProgramsOptions, programEnv, startApi, startWorker } from './programs.ts';
import { localRootKey } from './root-key.ts';
import { StartFailed } from './service.ts';
import { ServiceFailed } from './service-failed.ts';
import { startTemporal } from './temporal.ts';

export interface SystemOptions {
  env: NodeJS.ProcessEnv;
  /** Absent: `LETSPING_DATA_DIR`, else `./.letsping`. */
  dataDir?: string;
  progress: (line: string) => void;
  /** Progress lines about problems only. */
  quiet?: boolean;
  /** The data need not survive a power cut. */
  throwaway?: boolean;
  /** Whether the policy may accept unsigned Signals, which every account of this machine can send. Default false. */
  acceptSignals?: boolean;
  /** Cancels a start in progress. After a successful start, call `stop` as well. */
  signal?: AbortSignal;
}

/** How to reach a running system. */
export interface SystemInfo extends LocalKeys {
  /** Base URL of the API; ends in `/api`. */
  api_url: string;
  /** A one-time sign-in link to the console. */
  console_url: string;
  public_url: string;
  temporal_address: string;
  temporal_namespace: string;
  /** null if the server was not started here. */
  temporal_ui_url: string | null;
  /** Connects as the database's owner. */
  database_url: string;
}

export interface System extends SystemInfo {
  /** Whether this start created the project and its keys. */
  fresh: boolean;
  data_dir: string;
  /** The environment of api and worker, for another program beside them. */
  program_env: NodeJS.ProcessEnv;
  pids(): Partial<Record<ServiceName, number>>;
  /** SIGKILL. The worker stays down until `restartWorker`. */
  killWorker(): Promise<void>;
  restartWorker(): Promise<void>;
  /** Stops all services in order. Safe to call twice. */
  stop(): Promise<void>;
}

/** The user that the link signs in: the owner of the approver's key that bootstrapping creates. */
const LOCAL_OWNER = 'dev-approver';

/**
 * Starts PostgreSQL, Temporal, the API and a worker on this machine, and waits until all of them are ready.
 * @throws ServiceFailed
 */
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
    if (error instanceof StartFailed)
      throw new ServiceFailed('service_failed', error.message, undefined, { cause: error });
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function bringUp(
  { env, progress, quiet, throwaway = false, acceptSignals = false, signal }: SystemOptions,
  dataDir: string,
  processes: Processes,
  releases: (() => void)[],
): Promise<Omit<System, 'stop'>> {
  await endLeftovers(dataDir, progress);
  const rootKey = localRootKey(dataDir, env);
  const anchor = anchorFile(localAnchorFile(dataDir, env));
  const report = quiet ? () => {} : progress;
  const common = { env, dataDir, progress: report, processes, throwaway, ...(signal && { signal }) };

  const database = startPostgres(common).then(async (postgres) => {
    releases.push(postgres.release);
    const { adopted } = await migrate(postgres.url, { root: parseRootKey(rootKey), anchored: await anchor.read() });
    for (const { name, keys, open_requests } of adopted)
      report(
        `Rows of the release before were adopted: ${name}, ${keys.count} keys, ${open_requests.count} open requests`,
      );
    const databaseUrl = await ensureAppLogin(postgres.url);
    const keys = await localKeys(dataDir, env, () => bootstrapDev({ databaseUrl, rootKey, anchor, acceptSignals }));
    report(`PostgreSQL ${postgres.version} is ready`);
    return { postgres, databaseUrl, keys };
  });
  const { promise: launched, resolve: launch } = deferred<ProgramsOptions['temporal']>();
  const server = startTemporal({
    ...common,
    readyWhenListening: true,
    launched: (address) => launch({ address, namespace: 'default', owned: true }),
  }).then((temporal) => {
    releases.push(temporal.release);
    report(`Temporal ${temporal.version} is ready`);
    return temporal;
  });
  const programs = (database_url: string, temporal: ProgramsOptions['temporal']) => ({
    env,
    dataDir,
    processes,
    database_url,
    temporal,
    rootKey,
    acceptSignals,
  });

  // API and worker wait for Temporal themselves, so they load while it starts.
  const listening = Promise.all([database, Promise.race([launched, server])]).then(
    async ([{ databaseUrl, keys }, early]) => {
      const target = { ...early };
      const api = await startApi(programs(databaseUrl, target));
      releases.push(api.release);
      const { address } = await server;
      if (address !== target.address) {
        target.address = address;
        await api.service.restart();
      }
      const token = await createLoginLink({
        databaseUrl,
        rootKey,
        anchor,
        project_id: keys.project_id,
        owner: LOCAL_OWNER,
      });
      return { ...api, console_url: `${api.public_url}/login?once=${token}` };
    },
  );
  const working = Promise.all([database, Promise.race([launched, server])]).then(async ([{ databaseUrl }, early]) => {
    const target = { ...early };
    // If Temporal has moved to another port, the worker gives up on the first one and is restarted with this one.
    void server.then(({ address }) => {
      target.address = address;
    });
    const worker = await startWorker(programs(databaseUrl, target));
    await server;
    return worker;
  });
  const everything = [database, server, listening, working] as const;
  try {
    await Promise.all(everything);
  } catch (error) {
    // Report the first failure, after the other starts have ended: nothing may start after the stop.
    await processes.stopAll();
    await Promise.allSettled(everything);
    throw error;
  }
  const [{ postgres, databaseUrl, keys }, temporal, api, worker] = await Promise.all(everything);
  report('API and worker are ready');
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
    program_env: programEnv(programs(databaseUrl, temporal)),
    pids: processes.pids,
    killWorker: worker.kill,
    restartWorker: worker.restart,
  };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
