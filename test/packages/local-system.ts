import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environment, type Lab } from './lab.ts';
import { consumerProject } from './project.ts';

/** What `letsping dev --json` prints. */
interface DevLine {
  api_url: string;
  agent_api_key: string;
  approver_api_key: string;
  project_id: string;
  temporal_address: string;
  temporal_namespace: string;
  database_url: string;
}

export interface LocalSystem extends DevLine {
  /** The environment of an agent, and of one that also has the database and Temporal. */
  env: NodeJS.ProcessEnv;
  /** Calls the API as the approver. @throws Error for another status than 2xx. */
  approver(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  approve(id: string): Promise<void>;
  stop(): Promise<void>;
}

const READY_MS = 120_000;

/** A child process whose lines of JSON on stdout can be waited for. */
export class JsonLines {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[] = [];
  readonly ended: Promise<number | null>;
  #rest = '';
  stderr = '';

  constructor(command: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (this.#rest + text).split('\n');
      this.#rest = parts.pop()!;
      for (const part of parts) if (part.startsWith('{')) this.lines.push(JSON.parse(part));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-20_000);
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  }

  /** The first line with this member. @throws Error if the program ends or is silent for too long. */
  async with(member: string, withinMs = READY_MS): Promise<Record<string, unknown>> {
    for (const end = Date.now() + withinMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const line = this.lines.find((one) => member in one);
      if (line) return line;
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null || Date.now() > end)
        throw new Error(`no line with ${member} (exit ${exitCode ?? signalCode}):\n${this.stderr.slice(-4_000)}`);
    }
  }

  /** Ends it by SIGTERM, after 30 seconds by SIGKILL; resolves to its exit code. */
  async stop(): Promise<number | null> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    return this.ended.finally(() => clearTimeout(late));
  }
}

/** `letsping dev` of an installed package: PostgreSQL, Temporal, api and worker, with data in the project. */
export async function startDev(lab: Lab, folder: string, nodeBinary: string): Promise<LocalSystem> {
  const base = environment(nodeBinary);
  const rootKey = randomBytes(32).toString('base64');
  const data = join(folder, '.letsping');
  await mkdir(data, { recursive: true });
  // Below the ephemeral port range, and outside the ports of `letsping dev`, which may run beside the tests.
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const ports = { postgres: port, temporal: port + 1, temporal_ui: port + 2, api: port + 3 };
  await writeFile(join(data, 'ports.json'), JSON.stringify(ports));
  const dev = new JsonLines(
    nodeBinary,
    [join(folder, 'node_modules/letsping-temporal/dist/cli/main.js'), 'dev', '--json'],
    {
      cwd: folder,
      env: { ...base, LETSPING_ROOT_KEY: rootKey },
    },
  );
  lab.atEnd(() => dev.stop()); // also when a signal ends the run inside a cell
  const line = (await dev.with('api_url').catch(async (error: unknown) => {
    await dev.stop();
    throw error;
  })) as unknown as DevLine;
  const approver: LocalSystem['approver'] = async (method, path, body) => {
    const answer = await fetch(`${line.api_url}${path}`, {
      method,
      headers: { authorization: `Bearer ${line.approver_api_key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  return {
    ...line,
    approver,
    env: {
      ...base,
      LETSPING_BASE_URL: line.api_url,
      LETSPING_API_KEY: line.agent_api_key,
      DATABASE_URL: line.database_url,
      LETSPING_ROOT_KEY: rootKey,
      LETSPING_PROJECT_ID: line.project_id,
      TEMPORAL_ADDRESS: line.temporal_address,
      TEMPORAL_NAMESPACE: line.temporal_namespace,
    },
    approve: async (id) => {
      const { payload_digest } = await approver('GET', `/approval-requests/${id}`);
      await approver('POST', `/approval-requests/${id}/decisions`, { type: 'approve', payload_digest });
    },
    stop: async () => {
      await dev.stop();
    },
  };
}

/** The requests of a thread that wait for a decision. */
export async function pendingIds(system: LocalSystem, thread: string): Promise<string[]> {
  const query = new URLSearchParams({ status: 'pending', thread_id: thread });
  const { items } = (await system.approver('GET', `/approval-requests?${query}`)) as { items: { id: string }[] };
  return items.map(({ id }) => id);
}

/** One local system of the whole package, for the cells that need only its api. */
export const sharedDev = (lab: Lab): Promise<LocalSystem> =>
  lab.shared('dev', async () => {
    const { folder } = await consumerProject(lab, 'letsping-temporal');
    return startDev(lab, folder, process.execPath);
  });
