import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rememberedPorts, rememberPorts } from './data-dir.ts';
import { localAnchorFile } from './local-keys.ts';
import { leasePort, listens } from './ports.ts';
import type { Processes, Service } from './processes.ts';
import { type Launch, StartFailed } from './service.ts';
import { ServiceFailed } from './service-failed.ts';
import type { Temporal } from './temporal.ts';
import { withoutTemporal } from './temporal-binary.ts';

const PREFERRED_PORT = 4400;

/** The built command line: next to this file in dist/, also when this file runs from source, as in a test. */
const mainProgram = () =>
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/cli/main.js' : '../main.js', import.meta.url));

export interface ProgramsOptions {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  processes: Processes;
  rootKey: string;
  /** Whether the policy may accept unsigned Signals: every account of this machine may send one. */
  acceptSignals: boolean;
  /** What the programs use, as soon as it is known: they are started at once, and load their code meanwhile. */
  services: Promise<ProgramServices>;
}

export interface ProgramServices {
  database_url: string;
  temporal: Pick<Temporal, 'address' | 'namespace' | 'owned'>;
}

/** An empty profile. The SDK's reader fails on a file that has none. */
function emptyProfile(dataDir: string): string {
  const file = join(dataDir, 'temporal.toml');
  if (!existsSync(file)) writeFileSync(file, '[profile.default]\n', { mode: 0o600 });
  return file;
}

/** The environment that api and worker share. For a server started here, the user's Temporal profile is not read. */
export function programEnv(
  { env, dataDir, rootKey, acceptSignals }: Omit<ProgramsOptions, 'services' | 'processes'>,
  { database_url, temporal }: ProgramServices,
): NodeJS.ProcessEnv {
  return {
    ...(temporal.owned ? { ...withoutTemporal(env), TEMPORAL_CONFIG_FILE: emptyProfile(dataDir) } : env),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    DATABASE_URL: database_url,
    LETSPING_ROOT_KEY: rootKey,
    LETSPING_DATA_DIR: dataDir,
    LETSPING_ANCHOR_FILE: localAnchorFile(dataDir, env),
    LETSPING_DEV: env['LETSPING_DEV'] ?? '1',
    LETSPING_UNSIGNED_SIGNALS: acceptSignals ? 'policy' : (env['LETSPING_UNSIGNED_SIGNALS'] ?? 'never'),
    // Readiness is read from the log, and a quieter level would hide it.
    LOG_LEVEL: ['debug', 'trace'].includes(env['LOG_LEVEL'] ?? '') ? env['LOG_LEVEL'] : 'info',
  };
}

/** A command of ours. It reads nothing of its first environment but how to get the rest (cli/late-settings.ts). */
const launch = (command: string, options: ProgramsOptions, more: NodeJS.ProcessEnv = {}): Launch => ({
  command: process.execPath,
  args: [mainProgram(), command],
  // The folder tells a later start whose process this is.
  env: { ...withoutTemporal(options.env), LETSPING_DATA_DIR: options.dataDir, LETSPING_LATE_SETTINGS: '1' },
  settings: options.services.then((services) => ({ ...programEnv(options, services), ...more })),
});

const loggedReady = (log: string) =>
  log.includes('worker ready') &&
  log.split('\n').some((line) => {
    try {
      return (JSON.parse(line) as { msg?: unknown }).msg === 'worker ready';
    } catch {
      return false;
    }
  });

export function startWorker(options: ProgramsOptions): Promise<Service> {
  return options.processes.start({
    name: 'worker',
    logFile: join(options.dataDir, 'logs', 'worker.log'),
    readyWithinMs: 60_000,
    ready: (log) => loggedReady(log()),
    launch: () => launch('worker', options),
  });
}

async function answersReady(port: number): Promise<boolean> {
  if (!(await listens(port))) return false;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Starts the API on its last port or the next free one. `public_url` is the base of links for people. */
export async function startApi(
  options: ProgramsOptions,
): Promise<{ service: Service; port: number; public_url: string; release(): void }> {
  const { env, dataDir, processes } = options;
  const given = Number(env['LETSPING_PORT']) || undefined;
  for (let from = given ?? rememberedPorts(dataDir).api ?? PREFERRED_PORT; ; ) {
    const { port, release } = await leasePort(from);
    const public_url = (env['LETSPING_PUBLIC_URL'] || `http://127.0.0.1:${port}`).replace(/\/+$/, '');
    const address = { LETSPING_HOST: '127.0.0.1', LETSPING_PORT: String(port), LETSPING_PUBLIC_URL: public_url };
    try {
      const service = await processes.start({
        name: 'api',
        logFile: join(dataDir, 'logs', 'api.log'),
        readyWithinMs: 60_000,
        ready: () => answersReady(port),
        launch: () => launch('api', options, address),
      });
      rememberPorts(dataDir, { api: port });
      return { service, port, public_url, release };
    } catch (error) {
      release();
      if (!(error instanceof StartFailed) || !error.log.includes('EADDRINUSE')) throw error;
      if (given)
        throw new ServiceFailed('port_taken', `port ${port} is taken`, 'set LETSPING_PORT to another one', {
          cause: error,
        });
      from = port + 1;
    }
  }
}
