import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { type RunningApi, startApi } from '../../api/main.ts';
import { createFirstProject, type FirstProject } from '../../storage/access/bootstrap.ts';
import { program } from '../faults/program.ts';
import { createDatabase, type TestDatabase } from './database.ts';

const CRASHING = fileURLToPath(new URL('./crashing-worker.mjs', import.meta.url));
const LARGE_BODIES = new URL('../../dist/api/large-body/thread.js', import.meta.url);

/** A worker in a process of its own, as in a deployment, so that it can be killed. */
export interface WorkerProcess {
  pid: number;
  /** Resolves when it has ended, for any reason. */
  gone: Promise<void>;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestSystem extends FirstProject {
  database: TestDatabase;
  env: NodeJS.ProcessEnv;
  api: RunningApi;
  /** Calls the API with a key and JSON. */
  call(
    key: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any; headers: Headers; text: string }>;
  temporal: Client;
  /** Creates a key for another approver. */
  approver(owner: string): Promise<string>;
  startWorker(extra?: NodeJS.ProcessEnv): Promise<WorkerProcess>;
  /** Starts a worker that kills itself in `settle`. */
  startCrashingWorker(at: 'before-commit' | 'after-commit'): Promise<WorkerProcess>;
  stop(): Promise<void>;
}

export async function spawnWorker(env: NodeJS.ProcessEnv, script?: string): Promise<WorkerProcess> {
  const worker = program({ env, ready: '"worker ready"', args: script ? [] : ['worker'], ...(script && { script }) });
  await worker.start();
  return { pid: worker.pid!, gone: worker.gone(), kill: worker.kill, stop: worker.stop };
}

/** Creates a database, a project, an API in this process, and workers on demand, on the run's PostgreSQL and Temporal. */
export async function createSystem(options: { policy?: unknown; env?: NodeJS.ProcessEnv } = {}): Promise<TestSystem> {
  const database = await createDatabase();
  const rootKey = randomBytes(32).toString('base64');
  const project = await createFirstProject({
    databaseUrl: database.app_url,
    rootKey,
    name: 'test',
    policy: options.policy,
    environment: 'test',
  });
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATABASE_URL: database.app_url,
    LETSPING_ROOT_KEY: rootKey,
    LETSPING_PORT: '0',
    LETSPING_TASK_QUEUE: `test-${randomBytes(6).toString('hex')}`,
    LOG_LEVEL: 'fatal',
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: inject('temporalNamespace'),
    ...options.env,
  };
  const api = await startApi(env, { largeBodies: LARGE_BODIES });
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const workers: WorkerProcess[] = [];
  const system: TestSystem = {
    ...project,
    database,
    env,
    api,
    approver: async (owner) =>
      (await system.call(system.admin_api_key, 'POST', '/api/keys', { name: owner, owner, role: 'approver' })).body
        .api_key,
    temporal: new Client({ connection, namespace: inject('temporalNamespace') }),
    async call(key, method, path, body, headers = {}) {
      const answer = await fetch(`${api.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json');
      return { status: answer.status, body: isJson ? JSON.parse(text) : text, headers: answer.headers, text };
    },
    async startWorker(extra = {}) {
      const worker = await spawnWorker({ ...env, LOG_LEVEL: 'info', ...extra });
      workers.push(worker);
      return worker;
    },
    async startCrashingWorker(at) {
      const worker = await spawnWorker({ ...env, CRASH_AT: at }, CRASHING);
      workers.push(worker);
      return worker;
    },
    async stop() {
      await Promise.allSettled(workers.map((worker) => worker.kill()));
      await api.stop();
      await connection.close();
      await database.drop();
    },
  };
  return system;
}
