import { expect, test } from 'vitest';
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
