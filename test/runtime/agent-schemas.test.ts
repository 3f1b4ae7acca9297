import { afterAll, describe, expect, test } from 'vitest';
import { createSchemaThreads } from '../../runtime/threads/agent-schemas.ts';

/** Real threads: the program is the one of the build. */
const ended: string[] = [];
const threads = createSchemaThreads({ threads: 1, onStopped: (key, why) => ended.push(`${key} ${why}`) });
afterAll(() => threads.end());

const check = (schema: object, value: unknown, key = 'key_honest') =>
  threads.check(key, JSON.stringify(schema), JSON.stringify(value));
const object = (properties: object) => ({ type: 'object', properties });

describe('a value is checked', () => {
  test.each<[string, object, unknown, string[]]>([
    [
      'each pattern by itself',
      object({ zip: { pattern: '^[0-9]{5}$' }, country: { pattern: '^[A-Z]{2}$' } }),
      { zip: '12345', country: 'DE' },
      [],
    ],
    [
      'each pattern by itself, and refuses',
      object({ zip: { pattern: '^[0-9]{5}$' }, country: { pattern: '^[A-Z]{2}$' } }),
      { zip: '12345', country: '99999' },
      ['/country'],
    ],
    ['a lookahead', object({ path: { pattern: '^(?!/etc)' } }), { path: '/etc/passwd' }, ['/path']],
    [
      'draft 2020-12',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        prefixItems: [{ type: 'string' }, { type: 'number' }],
      },
      ['a', 'b'],
      ['/1'],
    ],
    [
      'a recursion',
      { $ref: '#/$defs/n', $defs: { n: object({ next: { $ref: '#/$defs/n' }, v: { type: 'number' } }) } },
      { next: { next: { v: 'x' } } },
      ['/next/next/v'],
    ],
    ['an unknown keyword', { format_hint: 'x' }, 'text', []],
    ['the name of a property with a slash', object({ 'a/b': { type: 'string' } }), { 'a/b': 1 }, ['/a~1b']],
  ])('%s', async (_, schema, value, at) => {
    const checked = await check(schema, value);
    const pointers = 'violations' in checked ? checked.violations.map(({ pointer }) => pointer) : checked;
    expect(pointers).toEqual(at);
  });

  test('a schema that is not served lets nothing pass', async () => {
    expect(await check({ $ref: '#' }, {})).toEqual({ unchecked: expect.stringContaining('refers to itself') });
    expect(await threads.refusal('key_honest', '{"type":"nonsense"}')).toMatch(/invalid/);
    expect(await threads.refusal('key_honest', '{"type":"string"}')).toBeUndefined();
  });
});

/** Shapes that look harmless. */
const branching = {
  $ref: '#/$defs/t',
  $defs: {
    t: {
      anyOf: [
        { properties: { a: { $ref: '#/$defs/t' } }, required: ['z'] },
        { properties: { a: { $ref: '#/$defs/t' } }, required: ['y'] },
      ],
    },
  },
};
const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });
const BOMBS: [string, object, unknown][] = [
  ['a pattern that backtracks', { pattern: '^(a+)+$' }, `${'a'.repeat(64)}!`],
  ['a recursion that branches over deep data', branching, deep(40)],
  ['unique items', { uniqueItems: true }, Array.from({ length: 30_000 }, (_, at) => ({ at }))],
];

test.each(BOMBS)('%s is ended, and a key that had it ended is turned away', async (name, schema, value) => {
  const key = `key_${name}`;
  expect(await check(schema, value, key)).toEqual({ unchecked: expect.stringMatching(/could not be applied/) });
  expect(ended).toContain(`${key} time`);
  expect(await check({ type: 'string' }, 'x', key)).toEqual({ unchecked: expect.stringMatching(/too many|too long/) });
  expect(await check({ type: 'string' }, 'x')).toEqual({ violations: [] });
});

test('the main thread answers while twenty bombs of one key run, and another key is served', async () => {
  const [, schema, value] = BOMBS[0]!;
  const bombs = Array.from({ length: 20 }, () => check(schema, value, 'key_twenty'));
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 5);
  expect(await check({ type: 'string' }, 'x', 'key_other')).toEqual({ violations: [] });
  await Promise.all(bombs);
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(0);
  expect(ended.filter((one) => one.startsWith('key_twenty'))).toHaveLength(1);
});

test('a schema that takes too much memory ends its thread alone', async () => {
  const small = createSchemaThreads({
    threads: 1,
    heapMb: 24,
    ms: 20_000,
    onStopped: (key, why) => ended.push(`${key} ${why}`),
  });
  const value = JSON.stringify(Array.from({ length: 400_000 }, (_, at) => ({ at })));
  expect(await small.check('key_big', '{"items":{"type":"object"}}', value)).toMatchObject({
    unchecked: expect.anything(),
  });
  expect(ended).toContain('key_big memory');
  expect(await small.check('key_small', '{"type":"string"}', '"x"')).toEqual({ violations: [] });
  await small.end();
});

test('a thread that cannot start answers that nothing was checked', async () => {
  const none = createSchemaThreads({ threads: 1, heapMb: 1 });
  expect(await none.check('key', '{}', '{}')).toMatchObject({ unchecked: expect.anything() });
  await none.end();
});
