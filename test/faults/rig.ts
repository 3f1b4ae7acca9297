import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { lockDataDir, openDataDir, rememberPorts } from '../../cli/services/data-dir.ts';
import { leasePort } from '../../cli/services/ports.ts';
import { type Postgres, startPostgres } from '../../cli/services/postgres.ts';
import { startTimeOf } from '../../cli/services/process-identity.ts';
import { readRecords, writeRecords } from '../../cli/services/process-records.ts';
import { createProcesses } from '../../cli/services/processes.ts';
import { startTemporal, type Temporal } from '../../cli/services/temporal.ts';
import { createFirstProject, type FirstProject } from '../../storage/access/bootstrap.ts';
import { ensureAppLogin } from '../../storage/db/app-login.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { sweep } from '../helpers/left-folders.ts';
import { type Oracle, openOracle } from '../oracle/oracle.ts';
import { gateOf, together } from './instances.ts';
import { postgresGate } from './postgres-gate.ts';
import { type Program, type ProgramOptions, program } from './program.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { temporalGate } from './temporal-gate.ts';
import { type Edge, Traps } from './traps.ts';

export const VICTIMS = ['worker', 'api', 'temporal', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Answer {
  status: number;
  body: any;
  headers: Headers;
  text: string;
}

/**
 * A separate deployment on this machine: PostgreSQL and Temporal that may be killed, api and worker as processes, a gate on each of
 * the four connections between them, and the oracle.
 */
export interface Rig extends FirstProject {
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** The environment of a program, with addresses of the gates. */
  envFor(name: 'api' | 'worker'): NodeJS.ProcessEnv;
  url: string;
  owner_url: string;
  app_url: string;
  temporal_address: string;
  traps: Traps;
  /** With several instances: the connections of all of them. */
  gates: Record<Edge, TcpProxy>;
  /** With several instances: all of them. */
  api: Program;
  worker: Program;
  oracle: Oracle;
  temporal: Client;
  versions: { postgres: string; temporal: string; node: string };
  /** Sends SIGKILL by pid: to one instance of api or worker, or to all. */
  kill(victim: Victim, instance?: number): Promise<void>;
  /** Starts what does not run as a supervisor does, and waits until it is ready. */
  restore(victim: Victim): Promise<void>;
  /** Rejects if there is no answer. With several instances the apis are called in turn. */
  call(key: string, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  sql(text: string, values?: unknown[]): Promise<any[]>;
  /** Creates a key for this owner and role, with these limits. */
  key(owner: string, role: 'agent' | 'approver' | 'admin', limits?: object): Promise<string>;
  projects: string[];
  /** A second project on the same database. */
  foreign(): Promise<FirstProject>;
  stop(): Promise<void>;
}

export interface RigOptions {
  policy?: unknown;
  say: (line: string) => void;
  api?: Partial<ProgramOptions>;
  worker?: Partial<ProgramOptions>;
  env?: NodeJS.ProcessEnv;
  /** False: api and worker are started by the suite. */
  start?: boolean;
}

/** How many apis and workers a rig has; `npm run reliability -- --instances 2` changes it. */
export const INSTANCES = 'LETSPING_RIG_INSTANCES';
const PREFIX = 'letsping-rig-';
const portOf = (url: string) => ({ port: Number(new URL(url).port) });
const through = (url: string, port: number) => {
  const changed = new URL(url);
  changed.host = `127.0.0.1:${port}`;
  return changed.href;
};
const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, ms: number, check: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + ms; ; await pause(50)) {
    if (await check().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`${what} within ${ms / 1000} s`);
  }
}

const open = new Set<() => Promise<void>>();

/** Stops every rig of this process, when the process has to end. */
export const stopRigs = async (): Promise<void> => void (await Promise.all([...open].map((stop) => stop())));

export async function createRig(options: RigOptions): Promise<Rig> {
  if (open.size === 0) await sweep(PREFIX, options.say);
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    open.delete(stop);
    for (const step of undo.splice(0).reverse()) await Promise.resolve(step()).catch(() => {});
  };
  open.add(stop);
  try {
    return await build(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(options: RigOptions, undo: (() => unknown)[], stop: () => Promise<void>): Promise<Rig> {
  const { say } = options;
  const environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const dataDir = openDataDir({ LETSPING_DATA_DIR: mkdtempSync(join(tmpdir(), PREFIX)) });
  undo.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const lock = lockDataDir(dataDir);
  undo.push(lock.release);
  const base = 20_000 + Math.floor(Math.random() * 10_000);
  rememberPorts(dataDir, { postgres: base, temporal: base + 1, temporal_ui: base + 2 });
  const processes = createProcesses({ dataDir, progress: () => {} });
  undo.push(() => processes.stopAll());
  const service = { env: environment, dataDir, progress: say, throwaway: true, processes };
  const [postgres, temporal] = (await Promise.all([startPostgres(service), startTemporal(service)])) as [
    Postgres,
    Temporal,
  ];
  undo.push(postgres.release, temporal.release);

  await migrate(postgres.url);
  const app_url = await ensureAppLogin(postgres.url);
  const rootKey = randomBytes(32).toString('base64');
  const first = (policy: unknown, name: string) =>
    createFirstProject({ databaseUrl: app_url, rootKey, name, policy, environment: 'test' });
  const project = await first(options.policy, 'rig');

  const traps = new Traps();
  const toPostgres = portOf(postgres.url);
  const toTemporal = { port: Number(temporal.address.split(':')[1]) };
  const instances = Array.from({ length: Number(process.env[INSTANCES] ?? 1) }, (_, instance) => instance);
  const each = async <T>(make: (instance: number) => Promise<T> | T) =>
    (await Promise.all(instances.map(make))) as [T, ...T[]];
  const postgresGates = (edge: Edge) => each((instance) => postgresGate(toPostgres, { edge, instance }, traps));
  const temporalGates = (edge: Edge) => each((instance) => temporalGate(toTemporal, { edge, instance }, traps));
  const wires = {
    'api-postgres': await postgresGates('api-postgres'),
    'worker-postgres': await postgresGates('worker-postgres'),
    'api-temporal': await temporalGates('api-temporal'),
    'worker-temporal': await temporalGates('worker-temporal'),
  };
  const gates = Object.fromEntries(Object.entries(wires).map(([edge, all]) => [edge, gateOf(all)])) as Record<
    Edge,
    TcpProxy
  >;
  for (const gate of Object.values(gates)) undo.push(() => gate.stop());

  const leases = await each((instance) => leasePort(base + 10 + instance));
  for (const lease of leases) undo.push(lease.release);
  const urls = leases.map(({ port }) => `http://127.0.0.1:${port}`);
  const url = urls[0]!;
  const env: NodeJS.ProcessEnv = {
    ...environment,
    LETSPING_ROOT_KEY: rootKey,
    LETSPING_DATA_DIR: dataDir,
    LETSPING_PORT: String(leases[0].port),
    LETSPING_TASK_QUEUE: 'rig',
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'info',
    // Suites send in seconds what agents send in hours. The hostile agent meets the defaults.
    LETSPING_LIMIT_REQUESTS_PER_KEY: '1000000',
    LETSPING_LIMIT_REQUESTS_PER_PROJECT: '1000000',
    LETSPING_LIMIT_FAILED_SIGN_INS_PER_ADDRESS: '1000000',
    ...options.env,
  };
  const envFor = (name: 'api' | 'worker', instance = 0) => ({
    ...env,
    LETSPING_PORT: String(leases[instance]!.port),
    DATABASE_URL: through(app_url, wires[`${name}-postgres`][instance]!.port),
    TEMPORAL_ADDRESS: `127.0.0.1:${wires[`${name}-temporal`][instance]!.port}`,
  });
  const onStart = (name: 'api' | 'worker') => {
    let before: number | undefined;
    return (pid: number) => {
      const others = readRecords(dataDir).filter((record) => record.pid !== before);
      writeRecords(dataDir, [...others, { name, pid, start_time: startTimeOf(pid) ?? 'ended', data_dir: dataDir }]);
      before = pid;
    };
  };
  const programs = (name: 'api' | 'worker') =>
    each((instance) =>
      program({
        onStart: onStart(name),
        args: [name],
        ready: `"${name} ready"`,
        env: envFor(name, instance),
        ...options[name],
      }),
    );
  const running = { api: await programs('api'), worker: await programs('worker') };
  const [api, worker] = [together(running.api), together(running.worker)];
  undo.push(
    () => api.kill(),
    () => worker.kill(),
  );
  if (options.start !== false) await Promise.all([api.start(), worker.start()]);

  const connection = await Connection.connect({ address: temporal.address });
  undo.push(() => connection.close());
  const client = new Client({ connection, namespace: temporal.namespace });

  let calls = 0;
  const call: Rig['call'] = async (key, method, path, body, headers = {}) => {
    const answer = await fetch(`${urls[calls++ % urls.length]}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, body: isJson ? JSON.parse(text) : text, headers: answer.headers, text };
  };

  const projects = [project.project_id];
  const oracle = await openOracle({
    database_url: postgres.url,
    temporal_address: temporal.address,
    namespace: temporal.namespace,
    projects,
    effects_file: join(dataDir, 'effects.jsonl'),
    journal_file: join(dataDir, 'journal.jsonl'),
    read: async (id) => (await call(project.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body,
  });
  undo.push(() => oracle.close());

  const pids: Record<'temporal' | 'postgres', () => number | undefined> = {
    temporal: temporal.pid,
    postgres: postgres.pid,
  };
  const ports = { temporal: toTemporal.port, postgres: toPostgres.port };

  return {
    ...project,
    dataDir,
    env,
    envFor,
    url,
    owner_url: postgres.url,
    app_url,
    temporal_address: temporal.address,
    traps,
    gates,
    api,
    worker,
    oracle,
    temporal: client,
    versions: { postgres: postgres.version, temporal: temporal.version, node: process.version.slice(1) },
    async kill(victim, instance) {
      if (victim === 'api' || victim === 'worker')
        return instance === undefined ? together(running[victim]).kill() : running[victim][instance]!.kill();
      const pid = pids[victim]();
      if (pid === undefined) throw new Error(`${victim} is not running`);
      process.kill(pid, 'SIGKILL');
      await until(`${victim} is gone`, 10_000, async () => !(await listens(ports[victim])));
    },
    async restore(victim) {
      if (victim === 'api') return api.start();
      if (victim === 'worker') return worker.start();
      // Its supervisor restarts it; this waits until it answers.
      if (victim === 'postgres')
        await until('postgres is back', 60_000, async () => {
          const probe = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 2_000 });
          probe.on('error', () => {});
          await probe.connect();
          await probe.query('select 1').finally(() => probe.end());
          return true;
        });
      else
        await until('temporal is back', 60_000, async () => {
          if (!(await listens(ports.temporal))) return false;
          await client.withDeadline(Date.now() + 2_000, () =>
            connection.workflowService.describeNamespace({ namespace: temporal.namespace }),
          );
          return true;
        });
    },
    call,
    async sql(text, values = []) {
      const owner = new pg.Client({ connectionString: postgres.url });
      await owner.connect();
      try {
        await owner.query("set app.project_id = '*'");
        return (await owner.query(text, values)).rows;
      } finally {
        await owner.end();
      }
    },
    key: async (owner, role, limits = {}) => {
      const made = await call(project.admin_api_key, 'POST', '/api/keys', { name: owner, owner, role, ...limits });
      if (made.status !== 201) throw new Error(`no key: ${made.status} ${made.text}`);
      return made.body.api_key;
    },
    projects,
    async foreign() {
      const other = await first(options.policy, 'foreign');
      projects.push(other.project_id);
      return other;
    },
    stop,
  };
}
