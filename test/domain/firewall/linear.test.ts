import { expect, test } from 'vitest';
import type { Policy } from '../../../contracts/policy.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { climbsOut } from '../../../domain/firewall/shell/paths.ts';
import { loadParsers } from '../../../runtime/parsers.ts';
import { idsOf } from '../../helpers/finding-ids.ts';
import { reviewFlagged, screenPayload } from './screening.ts';

/** The longest text that is read. A quadratic pattern takes minutes here, so the test times out. */
const MOST = 250_000;

test.each([
  ['line ends', '\n', ''],
  ['carriage returns', '\r', ''],
  ['line separators', '\u2028', ''],
  ['blank lines of tabs', '\t\n', ''],
  ['blanks', ' ', ''],
  ['line ends, then a marker', '\n', 'system'],
  ['line ends behind a role', '\n', '', 'system'],
  ['line ends behind the path of a host', '\n', '', 'kind: Pod\nhostPath:'],
])('%s', (_, unit, after, before = '') => {
  const text = `${before}${unit.repeat(MOST / unit.length)}${after}`;
  expect(screenPayload({ text }, undefined, { untrusted: true }).verdict).toBe('allow');
});

test('one member name in every combination of cases', () => {
  const spellings = Array.from({ length: 512 }, (_, bits) =>
    [...'authority'].map((letter, at) => (bits & (1 << at) ? letter.toUpperCase() : letter)).join(''),
  );
  const payload = Object.fromEntries([
    ...spellings.map((name) => [name, 'docs.example.com']),
    ...Array.from({ length: 9_000 }, (_, i) => [`n${i}`, 1]),
  ]);
  expect(screenPayload(payload).verdict).toBe('allow');
});

test('a path of dots', () => {
  expect(climbsOut('.'.repeat(4 * MOST))).toBe(false);
  expect(climbsOut(`${'.'.repeat(4 * MOST)}//`)).toBe(true);
});

test('SQL whose lexer would read the same signs again and again is not given to the parser', async () => {
  const parsers = await loadParsers();
  const judged = (query: string) => {
    const read: number[] = [];
    const sql = (text: string) => {
      read.push(text.length);
      return parsers.sql!(text);
    };
    const call = { service: 'db', action: 'sql', payload: { query } };
    const { findings } = screenAction(call, { untrusted: false }, reviewFlagged(), undefined, {
      parsers: { ...parsers, sql },
    });
    return { ids: idsOf(findings.map(({ id }) => id)), parsed: read.length };
  };
  for (const signs of ['+', '-+', '+-'])
    expect(judged(`select ${signs.repeat(5_000)}1`)).toEqual({ ids: ['sql/unparsed'], parsed: 0 });
  for (const honest of [
    'select - + - 1',
    `/${'*'.repeat(100)}/ select 1`,
    `--${'-'.repeat(100)}\nselect 1`,
    `-- ${'='.repeat(100)}\nselect 1 -- +${'-'.repeat(70)}+`,
  ])
    expect(judged(honest)).toEqual({ ids: [], parsed: 1 });
});

test('the members of an object are read as often for many values in it as for few', () => {
  const rules: Policy['guardrails'] = [
    { kind: 'media_guard', mime: ['image/*'], max_pixels: 100, max_bytes: 100, max_duration_s: 1 },
    { kind: 'money', per_call: 100 },
    { kind: 'egress', allowed_domains: ['ours.example'] },
    { kind: 'expression', cel: 'amounts.exists(a, a.minor > 5)' },
  ];
  const spelt = (name: string, count: number) =>
    Array.from({ length: count }, (_, bits) =>
      [...name].map((letter, at) => (bits & (1 << at) ? letter.toUpperCase() : letter)).join(''),
    );
  const reads = (members: Record<string, unknown>): number => {
    let count = 0;
    const inner = new Proxy(members, {
      ownKeys: (target) => {
        count += 1;
        return Reflect.ownKeys(target);
      },
    });
    screenPayload({ inner }, reviewFlagged({ guardrails: rules }), { untrusted: true });
    return count;
  };
  const shapes: [string, (count: number) => Record<string, unknown>][] = [
    ['exceptions', (count) => ({ NotAction: Array(count).fill('s3:x'), effect: 'Allow' })],
    ['buckets', (count) => ({ Resource: Array(count).fill('arn:aws:s3:::b/*'), Action: Array(count).fill('s3:get') })],
    ['policies', (count) => ({ policy: Array(count).fill('AdministratorAccess'), url: 'x' })],
    ...['width', 'duration', 'authority', 'amount', 'notaction', 'hostname', 'newvalue', 'currency', 'permission'].map(
      (name): [string, (count: number) => Record<string, unknown>] => [
        name,
        (count) => Object.fromEntries(spelt(name, count).map((key) => [key, '5'])),
      ],
    ),
  ];
  for (const [name, shape] of shapes) expect([name, reads(shape(200))]).toEqual([name, reads(shape(30))]);
});
