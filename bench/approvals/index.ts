import { parseArgs } from 'node:util';
import { type Measured, printRows, printVerdict, type Row, rowOf } from '../row.ts';
import { startBench } from './bench-system.ts';
import { notices, transactions } from './commits.ts';
import { decision } from './decision.ts';
import { flows } from './flows.ts';
import { ingest } from './ingest.ts';
import { large } from './large.ts';
import { load } from './load.ts';
import { peer } from './peer.ts';
import { inbox, memory } from './scale.ts';
import { storedBytes } from './stored-bytes.ts';

const FULL = { rounds: 200, approvals: 400, turns: 4, pending: 100_000, reads: 200, few: 1_000, many: 10_000 };
/** A worker caches 1,000 workflows: a comparison needs more. */
const QUICK = { rounds: 40, approvals: 40, turns: 2, pending: 20_000, reads: 60, few: 1_000, many: 2_000 };
export const PARTS = [
  'flows',
  'ingest',
  'storage',
  'large',
  'decision',
  'load',
  'commits',
  'peer',
  'inbox',
  'memory',
] as const;

/** Compares letsping with the simplest equivalent, on one server, in one run. The bench starts and removes its own services. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const size = values.quick ? QUICK : FULL;
  const chosen = new Set<string>(values.only?.split(',') ?? PARTS);
  const unknown = [...chosen].find((part) => !PARTS.some((known) => known === part));
  if (unknown !== undefined)
    throw Object.assign(new Error(`--only takes ${PARTS.join(',')}, not ${unknown}`), { code: 'ERR_PARSE_ARGS_VALUE' });
  const say = (line: string) => console.error(`  ${line}`);
  const started = Date.now();
  const since = () => `${((Date.now() - started) / 1_000).toFixed(0)} s`;
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const system = await startBench(process.env, say, interrupted.signal);
  interrupted.signal.addEventListener('abort', () => void system.stop().finally(() => process.exit(130)));
  const rows: Row[] = [];
  try {
    say(`services are ready after ${since()}`);
    const part = async (name: (typeof PARTS)[number], work: () => Promise<Measured[]>) => {
      if (!chosen.has(name)) return;
      const measured = (await work()).map((row) => rowOf('approvals', row));
      say(`${name}: done after ${since()}`);
      if (!values.json && rows.length > 0) console.log('');
      printRows(measured, values.json);
      rows.push(...measured);
    };
    await part('flows', () => flows(system, size.rounds));
    await part('ingest', () => ingest(system, size.rounds));
    await part('storage', () => storedBytes(system, size.rounds * 10));
    await part('large', () => large(system, size.rounds));
    await part('decision', () => decision(system, Math.ceil(size.rounds / 2)));
    await part('load', () => load(system, size.approvals, size.turns));
    await part('commits', async () => [
      ...(await transactions(system, size.approvals)),
      ...(await notices(system, size.approvals, size.turns)),
    ]);
    await part('peer', () => peer(system, size.rounds, say));
    await part('inbox', () => inbox(system, size.pending, size.reads));
    await part('memory', () => memory(system, size.few, size.many, say));
  } finally {
    if (values.quick)
      say(
        `quick: ${size.pending.toLocaleString('en')} pending rows instead of 100,000, ${size.many.toLocaleString('en')} waiting workflows instead of 10,000, fewer rounds`,
      );
    printVerdict(rows, values.json);
    await system.stop();
  }
}
