import { afterAll, expect, test } from 'vitest';
import { BOMBS } from '../../bench/schemas/bombs.ts';
import { readCorpus } from '../../bench/schemas/corpus.ts';
import { samplesOf } from '../../bench/schemas/samples.ts';
import { SCHEMA_LIMITS } from '../../domain/json/schema-gate.ts';
import { createSchemaThreads } from '../../runtime/threads/agent-schemas.ts';

/** Real threads, and schemas as MCP servers, zod, pydantic and GitHub write them; the verdicts are those of ajv. */
const ended = new Set<string>();
const threads = createSchemaThreads({ threads: 1, ms: 2_000, onStopped: (key) => ended.add(key) });
afterAll(() => threads.end());

const small = readCorpus().filter(({ schema }) => JSON.stringify(schema).length <= SCHEMA_LIMITS.bytes);

test('there are more than 500 schemas, and values that they take and refuse', () => {
  expect(small.length).toBeGreaterThan(500);
  const verdicts = small.flatMap(({ valid }) => valid);
  expect(verdicts.filter(Boolean).length).toBeGreaterThan(500);
  expect(verdicts.filter((valid) => !valid).length).toBeGreaterThan(500);
});

test('every schema up to 64 KB is served, and each value gets its verdict', { timeout: 60_000 }, async () => {
  const faults: unknown[] = [];
  for (const { id, schema, valid } of small) {
    const text = JSON.stringify(schema);
    const refusal = await threads.refusal('key_real', text);
    const verdicts: unknown[] = [];
    for (const sample of samplesOf(schema)) {
      const answer = await threads.check('key_real', text, JSON.stringify(sample));
      verdicts.push('violations' in answer ? answer.violations.length === 0 : answer.unchecked);
    }
    if (refusal !== undefined || verdicts.some((one, at) => one !== valid[at]))
      faults.push({ id, refusal, verdicts, valid });
  }
  expect(faults).toEqual([]);
});

/** These are stopped by no limit of their shape. */
const ENDED = [
  'a pattern that backtracks',
  'a pattern with nested lookaheads',
  'patterns of names',
  'unique items, 30,000 objects',
  'a recursion that branches, anyOf',
];

test('every hostile schema is refused, answered or ended', { timeout: 120_000 }, async () => {
  const hostile = createSchemaThreads({ threads: 2, onStopped: (key) => ended.add(key) });
  const open: string[] = [];
  for (const { name, schema, value } of BOMBS) {
    const answer = await hostile.check(name, schema, value);
    const isAnswered = 'violations' in answer || (ended.has(name) ? /in time/ : /schema/).test(answer.unchecked);
    if (!isAnswered) open.push(name);
  }
  await hostile.end();
  expect(open).toEqual([]);
  expect(BOMBS.length).toBeGreaterThan(60);
  for (const name of ENDED) expect(ended).toContain(name);
});
