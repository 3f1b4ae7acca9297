import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SCHEMA_LIMITS } from '../../domain/json/schema-gate.ts';
import { createSchemaThreads } from '../../runtime/threads/agent-schemas.ts';
import { type Measured, percentile, print, rowOf } from '../row.ts';
import { BOMBS } from './bombs.ts';
import { type RealSchema, readCorpus } from './corpus.ts';
import { samplesOf } from './samples.ts';

type Threads = ReturnType<typeof createSchemaThreads>;

/** Time limit of one job, and what the thread may add to it. */
const BOMB_MS = 1_500;
const OTHERS_MS = 50;

const timed = async <Answer>(run: () => Promise<Answer>): Promise<[Answer, number]> => {
  const started = performance.now();
  return [await run(), performance.now() - started];
};

async function real(threads: Threads, schemas: readonly RealSchema[]): Promise<Measured[]> {
  const rows: Measured[] = [];
  await threads.check('key_warm', '{}', '{}');
  for (const source of [...new Set(schemas.map((one) => one.source))]) {
    const own = schemas.filter((one) => one.source === source);
    const small = own.filter(({ schema }) => JSON.stringify(schema).length <= SCHEMA_LIMITS.bytes);
    const first: number[] = [];
    const again: number[] = [];
    let served = 0;
    let wrong = 0;
    for (const { schema, valid } of small) {
      const text = JSON.stringify(schema);
      const [refusal, ms] = await timed(() => threads.refusal('key_real', text));
      first.push(ms);
      if (refusal === undefined) served += 1;
      else console.error(refusal);
      for (const [at, sample] of samplesOf(schema).entries()) {
        const [answer, took] = await timed(() => threads.check('key_real', text, JSON.stringify(sample)));
        again.push(took);
        if (!('violations' in answer) || (answer.violations.length === 0) !== valid[at]) wrong += 1;
      }
    }
    const row = (measure: string, value: number, unit = 'ms') => ({ case: source, measure, value, unit });
    rows.push(
      row(`served, of ${small.length} up to 64 KB`, served, 'schemas'),
      row('refused, larger than 64 KB', own.length - small.length, 'schemas'),
      { ...row(`other verdicts than ajv, of ${again.length}`, wrong, 'verdicts'), budget: { value: 0 } },
      row('shape gate, p50', percentile(first, 50)),
      row('shape gate, p95', percentile(first, 95)),
      row('shape gate, max', Math.max(...first)),
      row('check, p50', percentile(again, 50)),
      row('check, p95', percentile(again, 95)),
      row('check, max', Math.max(...again)),
    );
  }
  return rows;
}

async function bombs(threads: Threads, ended: ReadonlySet<string>): Promise<Measured[]> {
  const count = { refused: 0, answered: 0, ended: 0 };
  let slowest = 0;
  for (const [at, { schema, value }] of BOMBS.entries()) {
    const key = `key_${at}`;
    const [answer, ms] = await timed(() => threads.check(key, schema, value));
    slowest = Math.max(slowest, ms);
    if (ended.has(key)) count.ended += 1;
    else if ('violations' in answer) count.answered += 1;
    else count.refused += 1;
  }
  return [
    ...Object.entries(count).map(([measure, value]) => ({ case: 'bombs', measure, value, unit: `of ${BOMBS.length}` })),
    { case: 'bombs', measure: 'the slowest', value: slowest, unit: 'ms', budget: { value: BOMB_MS } },
  ];
}

/** Twenty bombs of one key at once, again and again, while another key checks honest patches. */
async function crowd(threads: Threads, schemas: readonly RealSchema[]): Promise<Measured[]> {
  const bomb = BOMBS.find(({ name }) => name === 'a pattern that backtracks')!;
  const honest = schemas.filter(({ source }) => source === 'mcp').slice(0, 50);
  const took: number[] = [];
  let stall = 0;
  let last = performance.now();
  const ticking = setInterval(() => {
    stall = Math.max(stall, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  for (let round = 0; round < 5; round += 1) {
    const running = Array.from({ length: 20 }, () => threads.check('key_hostile', bomb.schema, bomb.value));
    for (const { schema } of honest) {
      const [sample] = samplesOf(schema);
      took.push((await timed(() => threads.check('key_other', JSON.stringify(schema), JSON.stringify(sample))))[1]);
      await setTimeout(10);
    }
    await Promise.all(running);
  }
  clearInterval(ticking);
  const row = (measure: string, value: number) => ({ case: '20 bombs of another key', measure, value, unit: 'ms' });
  return [
    row(`check, p50 of ${took.length}`, percentile(took, 50)),
    { ...row('check, p95', percentile(took, 95)), budget: { value: OTHERS_MS } },
    row('check, max', Math.max(...took)),
    row('longest stall of the main thread', stall),
  ];
}

/** The threads that apply schemas of agents: real schemas, bombs, and bombs of one key beside the checks of another. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
  const ended = new Set<string>();
  const threads = createSchemaThreads({ onStopped: (key) => ended.add(key) });
  const schemas = readCorpus();
  const rows = [
    ...(await real(threads, schemas)),
    ...(await bombs(threads, ended)),
    ...(await crowd(threads, schemas)),
  ];
  await threads.end();
  print(
    rows.map((row) => rowOf('schemas', row)),
    values.json,
  );
}
