import { expect, test } from 'vitest';
import { plainLine } from '../../cli/plain-line.ts';
import { cell, jsonLine, prettyJson, relative, table, visible } from '../../cli/text.ts';
import { codePointName, INVISIBLE } from '../../domain/invisible-characters.ts';

const HOSTILE = '\u001b]0;title\u0007\u009b2J\u202e\u200b\u2028\ud800\u{e0041}\r\n';

test('control characters are printed as code points', () => {
  expect(visible(HOSTILE)).toBe('U+001B]0;titleU+0007U+009B2JU+202EU+200BU+2028U+D800U+E0041U+000DU+000A');
  expect(visible('Zürich 東京 🙂')).toBe('Zürich 東京 🙂');
});

test('no invisible character reaches a terminal', () => {
  for (let code = 0; code < 0x110000; code += 1) {
    const char = String.fromCodePoint(code);
    if (char.search(INVISIBLE) !== 0) continue;
    expect(visible(`a${char}b`)).toBe(`a${codePointName(char)}b`);
    expect(plainLine(`a${char}b`)).not.toContain(char);
    expect(jsonLine(`a${char}b`).slice(0, -1)).not.toContain(char);
  }
});

test('JSON parses to the same value', () => {
  const line = jsonLine({ text: HOSTILE });

  expect(JSON.parse(line)).toEqual({ text: HOSTILE });
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u);
  expect(prettyJson({ a: { b: '\u202e' } })).toBe('  {\n    "a": {\n      "b": "U+202E"\n    }\n  }\n');
});

test('columns are aligned and shortened', () => {
  expect(
    table([
      ['a', 'long name', 'x'],
      ['bcd', 'ü', 'y'],
    ]),
  ).toBe('a    long name  x\nbcd  ü          y\n');
  expect(cell('abcdef', 4)).toBe('abc…');
});

test('durations use their largest unit', () => {
  const now = Date.parse('2026-01-01T00:00:00.000Z');

  expect(relative('2025-12-31T23:56:30.000Z', now)).toBe('3 min ago');
  expect(relative('2026-01-03T01:00:00.000Z', now)).toBe('in 2 d');
  expect(relative('2026-01-01T00:00:00.000Z', now)).toBe('0 s ago');
});
