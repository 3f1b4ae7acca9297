import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { CommandFailed } from '../command.ts';
import { rememberedPorts, rememberPorts } from './data-dir.ts';
import { claimPort, type PortClaim } from './ports.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { assertEnterable, giveTo, postgresUser, type SystemUser } from './postgres-user.ts';
import { createProcesses, type Processes, type Service } from './processes.ts';
import { ServiceFailed } from './service.ts';

export interface StartOptions {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  progress: (line: string) => void;
  /** Whose child the server becomes. Absent: on its own, ended by `stop`. */
  processes?: Processes;
  /** The data need not survive a power cut, as in a test: faster. */
  throwaway?: boolean;
  /** Ends an installation that is under way. */
  signal?: AbortSignal;
}

export interface Postgres {
  /** Of the owner of the database, who is the superuser where the server is ours. */
  url: string;
  version: string;
  /** Whether this start made the server, and `stop` ends it. */
  owned: boolean;
  pid(): number | undefined;
  stop(): Promise<void>;
  /** Gives its port free: for whoever has stopped it through `processes`. */
  release(): void;
}

const PREFERRED_PORT = 15_432;
/** Its children outlive a killed server for a moment, and hold its memory and its lock file. */
const AFTERMATH_MS = 8_000;
const AFTERMATH = /shared memory block|lock file "postmaster\.pid"|still in use/;
const PORT_TAKEN = /could not bind|could not create any TCP\/IP sockets/;

async function ask<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
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
  ask(
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
    throw new CommandFailed(
      'database_unreachable',
      `the database of DATABASE_URL does not answer: ${(error as Error).message || 'no connection'}`,
      'unset DATABASE_URL to start one here',
      { cause: error },
    );
  }
}

/** Beside the cluster, not in it. Written before the cluster is made, so that one never exists without the other. */
function passwordFile(dataDir: string, user: SystemUser | undefined): string {
  const file = join(dataDir, 'pg-password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (user) chownSync(file, user.uid, user.gid);
  return file;
}

/** Made aside and renamed: a killed first start leaves no half-made cluster behind. */
async function makeCluster(
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
    throw new CommandFailed(
      'postgres_failed',
      `PostgreSQL's data folder cannot be made: ${stderr?.trim() || message}`,
      undefined,
      { cause: error },
    );
  }
  renameSync(next, join(dataDir, 'pg'));
}

/** `DATABASE_URL`, else a PostgreSQL of our own in `<dataDir>/pg`: loopback only, generated password, free port. */
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
  if (fresh) await makeCluster(dataDir, binaries, user, password);

  const { service, claimed } = await startServer({ ...options, processes }, binaries, user);
  try {
    rememberPorts(dataDir, { postgres: claimed.port });
    const server = new URL(`postgres://postgres:${readFileSync(password, 'utf8')}@127.0.0.1:${claimed.port}`);
    const version = await ask(`${server}/postgres`, async (client) => {
      const known = await client.query("select from pg_database where datname = 'letsping'");
      if (known.rowCount === 0) await client.query('create database letsping');
      return (await client.query<{ server_version: string }>('show server_version')).rows[0]!.server_version;
    });
    const stop = () => service.stop().finally(claimed.release);
    return { url: `${server}/letsping`, version, owned: true, pid: () => service.pid, stop, release: claimed.release };
  } catch (error) {
    await service.stop().finally(claimed.release);
    throw error;
  }
}

/** On the first port that is free; again for a while when a server that was just killed still stands in the way. */
async function startServer(
  { dataDir, processes, throwaway }: StartOptions & { processes: Processes },
  { postgres }: PostgresBinaries,
  user: SystemUser | undefined,
): Promise<{ service: Service; claimed: PortClaim }> {
  const until = Date.now() + AFTERMATH_MS;
  for (let from = rememberedPorts(dataDir).postgres ?? PREFERRED_PORT; ; ) {
    const claimed = await claimPort(from);
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${claimed.port}`,
      'unix_socket_directories=',
      'max_connections=200',
    ];
    // A commit stays synchronous: what was acknowledged outlives a killed server here, too.
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
      return { service, claimed };
    } catch (error) {
      claimed.release();
      if (!(error instanceof ServiceFailed)) throw error;
      if (PORT_TAKEN.test(error.log)) from = claimed.port + 1;
      else if (AFTERMATH.test(error.log) && Date.now() < until) await sleep(300);
      else throw new CommandFailed('postgres_failed', error.message, undefined, { cause: error });
    }
  }
}
