import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { rememberedPorts, rememberPorts } from './data-dir.ts';
import { leasePort, type PortLease } from './ports.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { assertEnterable, giveTo, postgresUser, type SystemUser } from './postgres-user.ts';
import { createProcesses, type Processes, type Service } from './processes.ts';
import { StartFailed } from './service.ts';
import { ServiceFailed } from './service-failed.ts';

export interface StartOptions {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  progress: (line: string) => void;
  /** The supervisor of the server's process. Absent: one of its own, which `stop` ends. */
  processes?: Processes;
  /** The data need not survive a power cut. Faster, for tests. */
  throwaway?: boolean;
  /** Cancels an installation in progress. */
  signal?: AbortSignal;
}

export interface Postgres {
  /** Connects as the owner of the database, who is also the superuser of a server that was started here. */
  url: string;
  version: string;
  /** Whether the server was started here, so that `stop` ends it. */
  owned: boolean;
  pid(): number | undefined;
  stop(): Promise<void>;
  /** Releases the port, for a caller that has stopped the server through `processes`. */
  release(): void;
}

const PREFERRED_PORT = 15_432;
/** The children of a killed server live on for a moment and hold its shared memory and its lock file. */
const AFTERMATH_MS = 8_000;
const AFTERMATH = /shared memory block|lock file "postmaster\.pid"|still in use/;
const PORT_TAKEN = /could not bind|could not create any TCP\/IP sockets/;

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const versionOf = (url: string) =>
  withClient(
    url,
    async (client) =>
      (await client.query<{ server_version: string }>('show server_version')).rows[0]!.server_version.split(' ')[0]!,
  );

async function external(url: string): Promise<Postgres> {
  try {
    return {
      url,
      version: await versionOf(url),
      owned: false,
      pid: () => undefined,
      stop: async () => {},
      release: () => {},
    };
  } catch (error) {
    throw new ServiceFailed(
      'database_unreachable',
      `the database of DATABASE_URL does not answer: ${(error as Error).message || 'no connection'}`,
      'unset DATABASE_URL to start one here',
      { cause: error },
    );
  }
}

/** Next to the cluster, not in it. Written before the cluster is created, so that a cluster always has its password. */
function passwordFile(dataDir: string, user: SystemUser | undefined): string {
  const file = join(dataDir, 'pg-password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (user) chownSync(file, user.uid, user.gid);
  return file;
}

/** Created under another name and renamed, so that a killed first start leaves no incomplete cluster. */
async function createCluster(
  dataDir: string,
  { initdb }: PostgresBinaries,
  user: SystemUser | undefined,
  password: string,
) {
  for (const left of readdirSync(dataDir).filter((name) => name.startsWith('pg.new')))
    rmSync(join(dataDir, left), { recursive: true, force: true });
  const next = join(dataDir, 'pg.new');
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const flags = [
    '--pgdata',
    next,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${password}`,
    '--no-instructions',
    ...locale,
  ];
  try {
    await promisify(execFile)(initdb, flags, { cwd: '/', env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' }, ...user });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new ServiceFailed(
      'postgres_failed',
      `PostgreSQL's data folder cannot be created: ${stderr?.trim() || message}`,
      undefined,
      { cause: error },
    );
  }
  renameSync(next, join(dataDir, 'pg'));
}

/** Uses `DATABASE_URL`, else starts PostgreSQL in `<dataDir>/pg`: loopback only, generated password, free port. */
export async function startPostgres(options: StartOptions): Promise<Postgres> {
  const { env, dataDir, progress } = options;
  if (env['DATABASE_URL']) return external(env['DATABASE_URL']);
  const processes = options.processes ?? createProcesses({ dataDir, progress });
  const binaries = postgresBinaries();
  const user = postgresUser(progress);
  if (user) {
    assertEnterable(
      dirname(binaries.postgres),
      user,
      'move this installation to a folder that others may enter, run as another user, or set DATABASE_URL',
    );
    giveTo(dataDir, user);
  }
  const password = passwordFile(dataDir, user);
  const fresh = !existsSync(join(dataDir, 'pg'));
  if (fresh) await createCluster(dataDir, binaries, user, password);

  const { service, lease } = await startServer({ ...options, processes }, binaries, user);
  try {
    rememberPorts(dataDir, { postgres: lease.port });
    const server = new URL(`postgres://postgres:${readFileSync(password, 'utf8')}@127.0.0.1:${lease.port}`);
    const version = await withClient(`${server}/postgres`, async (client) => {
      const known = await client.query("select from pg_database where datname = 'letsping'");
      if (known.rowCount === 0) await client.query('create database letsping');
      return (await client.query<{ server_version: string }>('show server_version')).rows[0]!.server_version;
    });
    const stop = () => service.stop().finally(lease.release);
    return { url: `${server}/letsping`, version, owned: true, pid: () => service.pid, stop, release: lease.release };
  } catch (error) {
    await service.stop().finally(lease.release);
    throw error;
  }
}

/** Starts on the first free port. Retries for a while when the children of a killed server still hold its resources. */
async function startServer(
  { dataDir, processes, throwaway }: StartOptions & { processes: Processes },
  { postgres }: PostgresBinaries,
  user: SystemUser | undefined,
): Promise<{ service: Service; lease: PortLease }> {
  const until = Date.now() + AFTERMATH_MS;
  for (let from = rememberedPorts(dataDir).postgres ?? PREFERRED_PORT; ; ) {
    const lease = await leasePort(from);
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${lease.port}`,
      'unix_socket_directories=',
      'max_connections=200',
    ];
    // Commits stay synchronous: acknowledged data survives a killed server here as well.
    if (throwaway) settings.push('fsync=off', 'full_page_writes=off');
    try {
      const service = await processes.start({
        name: 'postgres',
        logFile: join(dataDir, 'logs', 'postgres.log'),
        readyWithinMs: 60_000,
        ready: (log) => log().includes('database system is ready to accept connections'),
        launch: () => ({
          command: postgres,
          args: ['-D', join(dataDir, 'pg'), ...settings.flatMap((setting) => ['-c', setting])],
          env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
          user,
        }),
      });
      return { service, lease };
    } catch (error) {
      lease.release();
      if (!(error instanceof StartFailed)) throw error;
      if (PORT_TAKEN.test(error.log)) from = lease.port + 1;
      else if (AFTERMATH.test(error.log) && Date.now() < until) await sleep(300);
      else throw new ServiceFailed('postgres_failed', error.message, undefined, { cause: error });
    }
  }
}
