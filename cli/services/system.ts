import { lockDataDir, openDataDir } from './data-dir.ts';
import { endLeftovers } from './leftovers.ts';
import type { LocalKeys } from './local-keys.ts';
import { assertLoopback } from './loopback.ts';
import type { ServiceName } from './process-records.ts';
import { createProcesses, type Processes } from './processes.ts';
import { type ProgramServices, programEnv, startApi, startWorker } from './programs.ts';
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
  const report = quiet ? () => {} : progress;
  const common = { env, dataDir, progress: report, processes, throwaway, ...(signal && { signal }) };

  // Loaded here, so that api and worker do not wait for it.
  const database = import('./local-database.ts').then(({ startDatabase }) =>
    startDatabase({ ...common, rootKey, acceptSignals, started: ({ release }) => void releases.push(release) }),
  );
  const { promise: launched, resolve: launch } = deferred<ProgramServices['temporal']>();
  const server = startTemporal({
    ...common,
    readyWhenListening: true,
    launched: (address) => launch({ address, namespace: 'default', owned: true }),
  }).then((temporal) => {
    releases.push(temporal.release);
    report(`Temporal ${temporal.version} is ready`);
    return temporal;
  });
  /** API and worker wait for Temporal themselves. If it moves to another port, what is started later gets that one. */
  const early = Promise.race([launched, server]);
  const services = Promise.all([database, early]).then(([{ databaseUrl }, temporal]) => {
    const current = { ...temporal };
    server.then(
      ({ address }) => Object.assign(current, { address }),
      () => {},
    );
    return { database_url: databaseUrl, temporal: current };
  });
  services.catch(() => {}); // reported below
  const programs = { env, dataDir, processes, rootKey, acceptSignals, services };

  const listening = startApi(programs).then(async (api) => {
    releases.push(api.release);
    const [{ address: first }, { address }] = await Promise.all([early, server]);
    if (address !== first) await api.service.restart();
    return api;
  });
  const working = startWorker(programs).then(async (worker) => {
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
  const [{ postgres, keys, login_token }, temporal, api, worker] = await Promise.all(everything);
  report('API and worker are ready');
  return {
    ...keys,
    api_url: `${api.public_url}/api`,
    console_url: `${api.public_url}/login?once=${login_token}`,
    public_url: api.public_url,
    temporal_address: temporal.address,
    temporal_namespace: temporal.namespace,
    temporal_ui_url: temporal.ui_url ?? null,
    database_url: postgres.url,
    data_dir: dataDir,
    program_env: programEnv(programs, await services),
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
