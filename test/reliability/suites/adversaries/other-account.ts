import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../../../../cli/services/process-records.ts';
import { rootKeyFile } from '../../../../cli/services/root-key.ts';
import { type Program, program } from '../../../faults/program.ts';
import { type Counter, pause, type Suite } from '../../suite.ts';

const ATTACKER = fileURLToPath(new URL('../../../faults/other-account.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../../dist/cli/main.js', import.meta.url));
const WORKING_FOLDER = dirname(dirname(dirname(MAIN)));
/** `nobody`. It owns no file. */
const UID = 65_534;
/** A message that counts is in effect within milliseconds. */
const EFFECT_MS = 2_000;
const ATTACK_MS = 180_000;

/**
 * An agent with a shell, its own key and read access to the working folder, as another account than the one that runs `letsping dev`. Three
 * runs: the attack; the same from the account of `dev`, which must succeed, or the attack proves nothing; and, in the whole form, against
 * `dev --accept-signals`, where a Signal approves as documented.
 */
export const otherAccountProgram: Suite = {
  name: 'adversaries: other account',
  isSeeded: false,
  promises: ['nothing readable', 'one resolution', 'separate projects'],
  async run({ form, say }, count) {
    if (process.getuid?.() !== 0) {
      count.skip(1, 'only root can run a program as another account');
      return;
    }
    const local = await startDev([]);
    try {
      const attempts = await attack(local, UID);
      say(`${attempts.length} attempts as another account`);
      judge(count, attempts);
      await pause(EFFECT_MS);
      for (const request of local.requests) await pendingThenApproved(count, local, request);
      const kinds = [...new Set(attempts.map(({ kind }) => kind))].map(
        (kind) => `${attempts.filter((one) => one.kind === kind).length} × ${kind}`,
      );
      count.note(`${attempts.length} attempts: ${kinds.join(', ')}`);
      await sameAccount(count, local);
    } finally {
      await local.stop();
    }
    if (form === 'whole') await withSignals(count);
  },
};

interface Attempt {
  kind: string;
  what: string;
  got: string;
}

interface Target {
  id: string;
  payload_digest: string;
  /** Opened with the attacker's own key. */
  own: boolean;
}

interface LocalDev {
  info: Record<string, string>;
  data_dir: string;
  root_key: string;
  files: string[];
  pids: number[];
  requests: Target[];
  call(key: string, method: string, path: string, body?: object): Promise<{ status: number; body: any }>;
  stop(): Promise<void>;
}

/** `letsping dev` as a user starts it, with a folder that other accounts may enter, and two requests: the agent's, and another owner's. */
async function startDev(flags: string[]): Promise<LocalDev> {
  const { DATABASE_URL: _url, TEMPORAL_ADDRESS: _address, ...rest } = process.env;
  const root = mkdtempSync(join(tmpdir(), 'letsping-account-'));
  chmodSync(root, 0o755);
  const data_dir = join(root, 'data');
  mkdirSync(data_dir);
  const env = { ...rest, LETSPING_DATA_DIR: data_dir, XDG_STATE_HOME: join(root, 'state') };
  const dev: Program = program({ env, args: ['dev', '--json', ...flags], ready: '"database_url"' });
  const stop = async () => {
    await dev.stop();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await dev.start();
    const line = dev.log.split('\n').find((one) => one.startsWith('{') && one.includes('"database_url"'))!;
    const info = JSON.parse(line) as Record<string, string>;
    const call: LocalDev['call'] = async (key, method, path, body) => {
      const answer = await fetch(`${info['api_url']}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json().catch(() => undefined) };
    };
    const other = { name: 'other', owner: 'other-agent', role: 'agent' };
    const { api_key } = (await call(info['admin_api_key']!, 'POST', '/keys', other)).body;
    const open = async (key: string, own: boolean): Promise<Target> => {
      const action = { service: 'bank', action: 'wire_money', payload: { amount: 1 } };
      const { id, payload_digest } = (await call(key, 'POST', '/ingest', action)).body;
      return { id, payload_digest, own };
    };
    const key_file = rootKeyFile(data_dir, env);
    const names = ['keys.json', 'anchor.json', 'pg-password', 'ports.json', 'processes.json', 'temporal.db'];
    const logs = ['api.log', 'worker.log', 'postgres.log', 'temporal.log'].map((name) => join('logs', name));
    return {
      info,
      data_dir,
      root_key: readFileSync(key_file, 'utf8').trim(),
      files: [key_file, ...[...names, ...logs, 'pg/pg_hba.conf'].map((name) => join(data_dir, name))],
      pids: [dev.pid!, ...readRecords(data_dir).map(({ pid }) => pid)],
      requests: [await open(info['agent_api_key']!, true), await open(api_key, false)],
      call,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Every attempt of one run. @throws Error when the attacker does not come to its end. */
function attack(local: LocalDev, uid?: number): Promise<Attempt[]> {
  const { info, data_dir, files, pids, requests } = local;
  const { agent_api_key, temporal_address, temporal_namespace } = info;
  const targets = {
    uid,
    agent_api_key,
    temporal_address,
    temporal_namespace,
    data_dir,
    files,
    pids,
    requests,
    main: MAIN,
    public_url: info['api_url']!.replace(/\/api$/, ''),
    database: info['database_url'],
    /** So that the attacker reports what it found and not everything that looks like a key. */
    sought: secretsOf(local).map((secret) => sha256(secret)),
    folders: uid === undefined ? [data_dir] : [WORKING_FOLDER, tmpdir()],
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ATTACKER], {
      cwd: '/',
      env: { PATH: process.env['PATH'] },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), ATTACK_MS);
    child.once('close', () => {
      clearTimeout(timer);
      const attempts = out.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Attempt] : []));
      if (attempts.at(-1)?.kind === 'end') resolve(attempts.slice(0, -1));
      else reject(new Error(`the attacker stopped after ${attempts.length} attempts: ${err.slice(-2_000)}`));
    });
    child.stdin.end(JSON.stringify(targets));
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What no other account may hold. */
const secretsOf = ({ info, root_key }: LocalDev): string[] => [
  root_key,
  info['approver_api_key']!,
  info['admin_api_key']!,
  new URL(info['database_url']!).password,
];

function judge(count: Counter, attempts: Attempt[]): void {
  for (const { what, got } of attempts) count.check(got === '', () => `${what}: got ${got.slice(0, 200)}`);
}

async function pendingThenApproved(count: Counter, local: LocalDev, { id, payload_digest }: Target): Promise<void> {
  const { call, info } = local;
  const key = info['approver_api_key']!;
  const { status } = (await call(key, 'GET', `/approval-requests/${id}`)).body;
  count.check(status === 'pending', () => `${id} is ${status} after the attack`);
  const decision = { type: 'approve', payload_digest };
  const decided = await call(key, 'POST', `/approval-requests/${id}/decisions`, decision);
  count.check(decided.status === 201, () => `an honest approval was answered ${decided.status}`);
}

/** The control: programs of the account that runs `dev` read its keys and approve, as `letsping dev` says. */
async function sameAccount(count: Counter, local: LocalDev): Promise<void> {
  const got = (await attack(local)).map((one) => one.got).join(' ');
  for (const secret of secretsOf(local))
    count.check(got.includes(secret), () => 'the same account did not find a secret of its own');
}

/** What `--accept-signals` gives away: one Signal of any account approves. */
async function withSignals(count: Counter): Promise<void> {
  const local = await startDev(['--accept-signals']);
  try {
    await attack(local, UID);
    const { id } = local.requests[0]!;
    for (const end = Date.now() + 10_000; ; await pause(200)) {
      const { body } = await local.call(local.info['approver_api_key']!, 'GET', `/approval-requests/${id}`);
      if (body.status !== 'pending' || Date.now() > end) {
        count.check(
          body.status === 'approved' && body.decision?.decided_by === 'bot:slack-bot',
          () => `with --accept-signals a Signal ended in ${body.status} by ${body.decision?.decided_by}`,
        );
        break;
      }
    }
  } finally {
    await local.stop();
  }
}
