import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailed } from '../command.ts';
import { rememberedPorts, rememberPorts } from './data-dir.ts';
import { claimPort, type PortClaim } from './ports.ts';
import type { Processes, Service } from './processes.ts';
import { ServiceFailed } from './service.ts';
import type { Temporal } from './temporal.ts';
import { withoutTemporal } from './temporal-binary.ts';

const PREFERRED_PORT = 4400;

/** The built command line: beside this file in dist/, or there when this runs from source, as in a test. */
const mainProgram = () =>
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/cli/main.js' : '../main.js', import.meta.url));

export interface ProgramsOptions {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  processes: Processes;
  database_url: string;
  temporal: Pick<Temporal, 'address' | 'namespace' | 'owned'>;
  rootKey: string;
}

/** A profile that sets nothing. The SDK's reader fails on a file without any profile. */
function emptyProfile(dataDir: string): string {
  const file = join(dataDir, 'temporal.toml');
  if (!existsSync(file)) writeFileSync(file, '[profile.default]\n', { mode: 0o600 });
  return file;
}

/** What api and worker share. A server of our own must not be reached by somebody's profile for another one. */
export function programEnv({ env, dataDir, database_url, temporal, rootKey }: ProgramsOptions): NodeJS.ProcessEnv {
  return {
    ...(temporal.owned ? { ...withoutTemporal(env), TEMPORAL_CONFIG_FILE: emptyProfile(dataDir) } : env),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    DATABASE_URL: database_url,
    LETSPING_ROOT_KEY: rootKey,
    LETSPING_DATA_DIR: dataDir,
    LETSPING_DEV: env['LETSPING_DEV'] ?? '1',
    // Readiness is read from the log, and a quieter level would hide it.
    LOG_LEVEL: ['debug', 'trace'].includes(env['LOG_LEVEL'] ?? '') ? env['LOG_LEVEL'] : 'info',
  };
}

const saysReady = (log: string) =>
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
    ready: (log) => saysReady(log()),
    launch: () => ({ command: process.execPath, args: [mainProgram(), 'worker'], env: programEnv(options) }),
  });
}

async function answersReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** The API, on its last port or the next free one. `public_url` is what links for people begin with. */
export async function startApi(
  options: ProgramsOptions,
): Promise<{ service: Service; port: number; public_url: string; release(): void }> {
  const { env, dataDir, processes } = options;
  const given = Number(env['LETSPING_PORT']) || undefined;
  for (let from = given ?? rememberedPorts(dataDir).api ?? PREFERRED_PORT; ; ) {
    const claimed: PortClaim = await claimPort(from);
    const { port, release } = claimed;
    const public_url = (env['LETSPING_PUBLIC_URL'] || `http://127.0.0.1:${port}`).replace(/\/+$/, '');
    const address = { LETSPING_HOST: '127.0.0.1', LETSPING_PORT: String(port), LETSPING_PUBLIC_URL: public_url };
    try {
      const service = await processes.start({
        name: 'api',
        logFile: join(dataDir, 'logs', 'api.log'),
        readyWithinMs: 60_000,
        ready: () => answersReady(port),
        launch: () => ({
          command: process.execPath,
          args: [mainProgram(), 'api'],
          env: { ...programEnv(options), ...address },
        }),
      });
      rememberPorts(dataDir, { api: port });
      return { service, port, public_url, release };
    } catch (error) {
      release();
      if (!(error instanceof ServiceFailed) || !error.log.includes('EADDRINUSE')) throw error;
      if (given)
        throw new CommandFailed('port_taken', `port ${port} is taken`, 'set LETSPING_PORT to another one', {
          cause: error,
        });
      from = port + 1;
    }
  }
}
