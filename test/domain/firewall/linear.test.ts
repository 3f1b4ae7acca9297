import { expect, test } from 'vitest';
import { screenPayload } from './screening.ts';

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
