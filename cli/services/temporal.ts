import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { rememberedPorts, rememberPorts } from './data-dir.ts';
import { leasePort, listens } from './ports.ts';
import type { StartOptions } from './postgres.ts';
import { createProcesses, type Processes, type Service } from './processes.ts';
import { StartFailed } from './service.ts';
import { ServiceFailed } from './service-failed.ts';
import { findTemporal, type TemporalBinary, withoutTemporal } from './temporal-binary.ts';

export interface Temporal {
  address: string;
  namespace: string;
  /** undefined if the server was not started here. */
  ui_url: string | undefined;
  version: string;
  /** Path of Temporal's program; undefined if the server was not started here. */
  binary: string | undefined;
  owned: boolean;
  pid(): number | undefined;
  stop(): Promise<void>;
  /** Releases the ports, for a caller that has stopped the server through `processes`. */
  release(): void;
}

export interface TemporalOptions extends StartOptions {
  /** Called with the server's address as soon as it is launched, and again if that port turns out to be taken. */
  launched?: (address: string) => void;
  /** Ready as soon as it listens, for callers whose own client waits until it answers: no client is loaded here. */
  readyWhenListening?: boolean;
}

const PREFERRED_PORTS = { temporal: 7233, temporal_ui: 8233 };
const PORT_TAKEN = /address already in use|can't (set|use) .*port|bind:/i;

/** The version of the server. Throws until it answers. */
async function serverVersion(
  connection: Omit<NativeConnectionOptions, 'tls'> & { tls?: unknown },
  namespace: string,
): Promise<string> {
  const { Connection } = await import('@temporalio/client');
  const client = await Connection.connect({ ...connection, connectTimeout: 5_000 } as Parameters<
    typeof Connection.connect
  >[0]);
  try {
    await client.withDeadline(Date.now() + 5_000, () => client.workflowService.describeNamespace({ namespace }));
    return (await client.workflowService.getSystemInfo({})).serverVersion;
  } finally {
    await client.close();
  }
}

async function external(env: NodeJS.ProcessEnv): Promise<Temporal> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  try {
    const defined = Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars: defined });
    const version = await serverVersion(connectionOptions, namespace);
    const address = connectionOptions.address ?? env['TEMPORAL_ADDRESS']!;
    return {
      address,
      namespace,
      ui_url: undefined,
      version,
      binary: undefined,
      owned: false,
      pid: () => undefined,
      stop: async () => {},
      release: () => {},
    };
  } catch (error) {
    throw new ServiceFailed(
      'temporal_unreachable',
      `Temporal at TEMPORAL_ADDRESS does not answer: ${(error as Error).message}`,
      'unset TEMPORAL_ADDRESS to start one here',
      { cause: error },
    );
  }
}

/** Uses `TEMPORAL_ADDRESS`, else starts a dev server that keeps its histories in `<dataDir>/temporal.db`. */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const { env, dataDir, progress } = options;
  if (env['TEMPORAL_ADDRESS']) return external(env);
  const processes = options.processes ?? createProcesses({ dataDir, progress });
  const binary = await findTemporal(env, progress, options.signal);
  const { service, ports, release } = await startServer({ ...options, processes }, binary);
  rememberPorts(dataDir, ports);
  return {
    address: `127.0.0.1:${ports.temporal}`,
    namespace: 'default',
    ui_url: `http://127.0.0.1:${ports.temporal_ui}`,
    version: binary.version,
    binary: binary.path,
    owned: true,
    pid: () => service.pid,
    stop: () => service.stop().finally(release),
    release,
  };
}

async function startServer(
  { env, dataDir, processes, launched, readyWhenListening }: TemporalOptions & { processes: Processes },
  binary: TemporalBinary,
): Promise<{ service: Service; ports: typeof PREFERRED_PORTS; release(): void }> {
  const wanted = { ...PREFERRED_PORTS, ...rememberedPorts(dataDir) };
  // Older programs do not know these flags; they are not essential.
  let optional = ['--ui-disable-news-fetch'];
  for (let attempt = 1; ; attempt++) {
    const server = await leasePort(wanted.temporal);
    const ui = await leasePort(wanted.temporal_ui);
    const release = () => {
      server.release();
      ui.release();
    };
    const ports = { temporal: server.port, temporal_ui: ui.port };
    launched?.(`127.0.0.1:${server.port}`);
    try {
      const service = await processes.start({
        name: 'temporal',
        logFile: join(dataDir, 'logs', 'temporal.log'),
        readyWithinMs: 60_000,
        ready: () => (readyWhenListening ? listens(server.port) : answers(server.port)),
        launch: () => ({
          command: binary.path,
          args: [...serverFlags(dataDir, ports), ...optional],
          env: withoutTemporal(env),
        }),
      });
      return { service, ports, release };
    } catch (error) {
      release();
      if (!(error instanceof StartFailed)) throw error;
      if (attempt < 10 && /unknown flag/.test(error.log) && optional.length > 0) optional = [];
      else if (attempt < 10 && PORT_TAKEN.test(error.log))
        Object.assign(wanted, { temporal: server.port + 1, temporal_ui: ui.port + 1 });
      else throw new ServiceFailed('temporal_failed', error.message, undefined, { cause: error });
    }
  }
}

const serverFlags = (dataDir: string, ports: typeof PREFERRED_PORTS) => [
  ...[
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(ports.temporal),
    '--ui-port',
    String(ports.temporal_ui),
  ],
  ...['--db-filename', join(dataDir, 'temporal.db'), '--namespace', 'default', '--log-level', 'warn'],
  // The check would query a server on the internet for newer versions.
  ...['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
];

/** Whether the server answers for its namespace: it listens earlier. A gRPC channel that was refused waits a second before its next attempt. */
async function answers(port: number): Promise<boolean> {
  if (!(await listens(port))) return false;
  try {
    await serverVersion({ address: `127.0.0.1:${port}` }, 'default');
    return true;
  } catch {
    await sleep(50);
    return false;
  }
}
