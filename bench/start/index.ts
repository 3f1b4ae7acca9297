import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDataDir, rememberPorts } from '../../cli/services/data-dir.ts';
import { startSystem } from '../../cli/services/system.ts';
import { startTemporal } from '../../cli/services/temporal.ts';
import { byTurns, p50, timed } from '../approvals/timing.ts';
import { type Measured, print, rowOf } from '../row.ts';
import { answers, type Started, startOnce } from './one-start.ts';

const ROUNDS = { full: 9, quick: 3 };
const DEV_MS = 3_500;
const API_MS = 1_500;

const program = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const MAIN = program('../../cli/main.js');
const HELLO_API = program('./hello-api.js');
const HELLO_WORKER = program('./hello-worker.js');

/** A folder whose services use ports that nothing else prefers. */
function newFolder(env: NodeJS.ProcessEnv, folders: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'letsping-start-'));
  folders.push(folder);
  const base = 20_000 + Math.floor(Math.random() * 10_000);
  const dataDir = openDataDir({ ...env, LETSPING_DATA_DIR: folder });
  rememberPorts(dataDir, { postgres: base, temporal: base + 1, temporal_ui: base + 2, api: base + 3 });
  return folder;
}

/** `letsping dev`, by turns with Temporal's dev server alone. */
async function dev(env: NodeJS.ProcessEnv, rounds: number, folders: string[]): Promise<Measured[]> {
  const start = async (folder: string) =>
    (await startOnce([MAIN, 'dev', '--json'], { ...env, LETSPING_DATA_DIR: folder }, (said) => said.includes('\n'))).ms;
  const kept = newFolder(env, folders);
  await start(kept);
  const alone = newFolder(env, folders);
  const times = await byTurns(rounds, {
    temporal: async () => {
      const { ms, result } = await timed(() =>
        startTemporal({ env, dataDir: alone, progress: () => {}, readyWhenListening: true }),
      );
      await result.stop();
      return ms;
    },
    fresh: () => start(newFolder(env, folders)),
    data: () => start(kept),
  });
  const row = (measure: string, values: number[]) => ({
    case: 'dev',
    measure,
    value: p50(values),
    unit: 'ms',
    baseline: p50(times.temporal),
  });
  return [row('ready, new folder', times.fresh), { ...row('ready, with data', times.data), budget: { value: DEV_MS } }];
}

/** `letsping api` and `letsping worker` alone, by turns with the smallest program of their kind. */
async function programs(env: NodeJS.ProcessEnv, rounds: number, folders: string[]): Promise<Measured[]> {
  const dataDir = newFolder(env, folders);
  const system = await startSystem({ env, dataDir, progress: () => {}, quiet: true });
  try {
    const port = 30_000 + Math.floor(Math.random() * 10_000);
    const own = {
      ...system.program_env,
      LETSPING_HOST: '127.0.0.1',
      LETSPING_PORT: String(port),
      LETSPING_PUBLIC_URL: `http://127.0.0.1:${port}`,
      LETSPING_METRICS_PORT: '0',
    };
    const saidReady = (output: string) => output.includes('"worker ready"');
    const cpu: Record<'helloApi' | 'api' | 'helloWorker' | 'worker', number[]> = {
      helloApi: [],
      api: [],
      helloWorker: [],
      worker: [],
    };
    const measured = (name: keyof typeof cpu, started: () => Promise<Started>) => async () => {
      const { ms, cpu_ms } = await started();
      if (cpu_ms !== undefined) cpu[name].push(cpu_ms);
      return ms;
    };
    const times = await byTurns(rounds, {
      helloApi: measured('helloApi', () => startOnce([HELLO_API], own, answers(port))),
      api: measured('api', () => startOnce([MAIN, 'api'], own, answers(port))),
      helloWorker: measured('helloWorker', () => startOnce([HELLO_WORKER], own, saidReady)),
      worker: measured('worker', () => startOnce([MAIN, 'worker'], own, saidReady)),
    });
    const rows = (name: 'api' | 'worker', floor: 'helloApi' | 'helloWorker'): Measured[] => [
      { case: name, measure: 'ready', value: p50(times[name]), unit: 'ms', baseline: p50(times[floor]) },
      cpu[name].length > 0
        ? { case: name, measure: 'CPU until ready', value: p50(cpu[name]), unit: 'ms', baseline: p50(cpu[floor]) }
        : { case: name, measure: 'CPU until ready', value: null, unit: 'not measured: no /proc' },
    ];
    const [ready, ...others] = rows('api', 'helloApi');
    return [{ ...ready!, budget: { value: API_MS } }, ...others, ...rows('worker', 'helloWorker')];
  } finally {
    await system.stop();
  }
}

/** How long the local system, an api and a worker take until they are ready. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const rounds = values.quick ? ROUNDS.quick : ROUNDS.full;
  // The services are started here, so that nothing else waits in them.
  const { DATABASE_URL: _database, TEMPORAL_ADDRESS: _temporal, ...env } = process.env;
  const folders: string[] = [];
  try {
    const rows = [...(await dev(env, rounds, folders)), ...(await programs(env, rounds, folders))];
    print(
      rows.map((row) => rowOf('start', row)),
      values.json,
    );
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}
