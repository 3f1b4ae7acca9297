import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LetsPing } from '../../client/index.ts';
import type { Measured } from '../row.ts';
import { type BenchSystem, HELD_SERVICE } from './bench-system.ts';
import { expectStatus, send } from './http.ts';
import { byTurns, inFlight, p50, p95, pause, timed } from './timing.ts';

const REQUIREMENT = 'awaithumans[server]==0.1.12';
const INSTALL_WITHIN_MS = 180_000;
const READY_WITHIN_MS = 30_000;
const MEASURES = 7;

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Installs its program in a separate environment, or returns why that failed. `LETSPING_BENCH_AWAITHUMANS` names an installed one. */
function install(folder: string): { program: string } | { refused: string } {
  const given = process.env['LETSPING_BENCH_AWAITHUMANS'];
  if (given) return existsSync(given) ? { program: given } : { refused: `${given} does not exist` };
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', join(folder, 'venv')]],
    [
      join(folder, 'venv', 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--no-input', '--retries=1', '--timeout=15', REQUIREMENT],
    ],
  ];
  for (const [command, args] of steps) {
    const { status, error, stderr } = spawnSync(command, args, { timeout: INSTALL_WITHIN_MS, encoding: 'utf8' });
    if (status !== 0)
      return { refused: error?.message ?? (stderr.trim().split('\n').at(-1) || `${command} ended with ${status}`) };
  }
  return { program: join(folder, 'venv', 'bin', 'awaithumans') };
}

/** The most similar self-hosted product, started as its authors document, driven through its HTTP API, by turns with letsping. */
export async function peer(system: BenchSystem, rounds: number, say: (line: string) => void): Promise<Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), 'letsping-bench-peer-'));
  try {
    const installed = install(folder);
    if ('refused' in installed) {
      say(`peer: ${MEASURES} measures skipped: ${REQUIREMENT} cannot be installed: ${installed.refused}`);
      return [
        { case: 'beside awaithumans', measure: `${MEASURES} measures`, value: null, unit: 'skipped: not installed' },
      ];
    }
    return await beside(system, installed.program, folder, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function beside(system: BenchSystem, program: string, folder: string, rounds: number): Promise<Measured[]> {
  const port = await freePort();
  const token = 'bench-admin-token-of-32-characters';
  const child = spawn(
    program,
    ['dev', '--host', '127.0.0.1', '--port', String(port), '--db-path', join(folder, 'dev.db'), '--log-level', 'ERROR'],
    {
      cwd: folder,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], HOME: folder, AWAITHUMANS_ADMIN_API_TOKEN: token, AWAITHUMANS_TELEMETRY: '0' },
    },
  );
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}/api`;
  try {
    for (const end = Date.now() + READY_WITHIN_MS; ; await pause(100)) {
      if (
        await send('GET', `${url}/health`, undefined).then(
          ({ status }) => status === 200,
          () => false,
        )
      )
        break;
      if (Date.now() > end || child.exitCode !== null) throw new Error('awaithumans was not ready in time');
    }
    return await measured(system, url, token, rounds);
  } finally {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(timer);
  }
}

async function measured(system: BenchSystem, url: string, token: string, rounds: number): Promise<Measured[]> {
  let made = 0;
  const create = (): Promise<{ id: string }> =>
    expectStatus<{ id: string }>(
      send('POST', `${url}/tasks`, token, {
        task: 'Refund?',
        payload: { customer: 'cus_1', amount_cents: 4_200, note: 'x'.repeat(900) },
        payload_schema: { type: 'object' },
        response_schema: { type: 'object', properties: { approved: { type: 'boolean' } } },
        timeout_seconds: 3_600,
        idempotency_key: `bench-${process.pid}-${made++}`,
      }),
      201,
    );
  const ours = () => system.ingest(HELD_SERVICE);
  const failed = { theirs: 0, ours: 0 };
  /** A call that fails under load has no time; it is counted, and the run goes on. */
  const countedAs = async (side: keyof typeof failed, work: () => Promise<number>) => {
    try {
      return await work();
    } catch {
      failed[side] += 1;
      return undefined;
    }
  };
  const timeOf = (side: keyof typeof failed, work: () => Promise<unknown>) =>
    countedAs(side, async () => (await timed(work)).ms);
  const created = await byTurns(rounds, {
    theirs: () => timeOf('theirs', create),
    ours: () => timeOf('ours', ours),
  });
  const burst = { theirs: { ms: 0, answered: 0 }, ours: { ms: 0, answered: 0 } };
  const flood = async (side: keyof typeof failed, work: () => Promise<unknown>) => {
    burst[side].ms += await inFlight(rounds, 20, async () => {
      if ((await timeOf(side, work)) !== undefined) burst[side].answered += 1;
    });
  };
  for (let turn = 0; turn < 3; turn++) {
    await flood('theirs', create);
    await flood('ours', ours);
  }

  const lp = new LetsPing(system.agent_api_key, { baseUrl: system.public_url });
  /** From the decision until the waiting client has it. */
  const heardAfter = async (round: number, decide: () => Promise<unknown>, waiting: Promise<unknown>) => {
    waiting.catch(() => {}); // it may fail before it is awaited
    await pause(50 + (((round + 20) * 137) % 900)); // it polls once a second: decisions come at different moments of that second
    const sent = performance.now();
    const decided = decide();
    await Promise.all([waiting, decided.catch(() => {})]);
    const ms = performance.now() - sent;
    await decided;
    return ms;
  };
  const waited = await byTurns(Math.min(30, Math.ceil(rounds / 4)), {
    theirs: (round) =>
      countedAs('theirs', async () => {
        const { id } = await create();
        const decide = () =>
          expectStatus(send('POST', `${url}/tasks/${id}/complete`, token, { response: { approved: true } }), 200);
        return heardAfter(round, decide, expectStatus(send('GET', `${url}/tasks/${id}/poll?timeout=25`, token), 200));
      }),
    ours: (round) =>
      countedAs('ours', async () => {
        const { id, payload_digest } = await ours();
        return heardAfter(
          round,
          () => system.decideByHttp(id, payload_digest),
          lp.waitForDecision(id, { timeoutMs: 30_000 }),
        );
      }),
  });
  const listed = await byTurns(rounds, {
    theirs: () => timeOf('theirs', () => expectStatus(send('GET', `${url}/tasks?limit=50`, token), 200)),
    ours: () =>
      timeOf('ours', () =>
        expectStatus(send('GET', `${system.api_url}/approval-requests?limit=50`, system.approver_api_key), 200),
      ),
  });
  const name = 'beside awaithumans';
  const ahead = { ratio: 1 };
  const perSecond = ({ ms, answered }: { ms: number; answered: number }) => (answered * 1_000) / ms;
  return [
    {
      case: name,
      measure: 'create p50',
      value: p50(created.ours),
      unit: 'ms',
      baseline: p50(created.theirs),
      budget: ahead,
    },
    {
      case: name,
      measure: 'creates, 20 in flight',
      value: perSecond(burst.ours),
      unit: 'requests/s',
      baseline: perSecond(burst.theirs),
      budget: { atLeast: 1 },
    },
    {
      case: name,
      measure: 'decision → waiting client p50',
      value: p50(waited.ours),
      unit: 'ms',
      baseline: p50(waited.theirs),
      budget: ahead,
    },
    {
      case: name,
      measure: 'decision → waiting client p95',
      value: p95(waited.ours),
      unit: 'ms',
      baseline: p95(waited.theirs),
      budget: ahead,
    },
    {
      case: name,
      measure: 'list of 50 p50',
      value: p50(listed.ours),
      unit: 'ms',
      baseline: p50(listed.theirs),
      budget: ahead,
    },
    {
      case: name,
      measure: 'list of 50 p95',
      value: p95(listed.ours),
      unit: 'ms',
      baseline: p95(listed.theirs),
      budget: ahead,
    },
    { case: name, measure: 'calls that failed', value: failed.ours, unit: 'calls', baseline: failed.theirs },
  ];
}
