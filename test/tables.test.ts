import { expect, test } from 'vitest';
import { LONGEST_CELL, table } from '../bench/table.ts';
import { repositoryFiles } from './helpers/repository-files.ts';
import { table as reliabilityTable, type SeededRow } from './reliability/report.ts';

/** Cells over the limit, as `line: length`. A narrow screen shows a longer one as a column of single words. */
const longCells = (text: string): string[] =>
  text.split('\n').flatMap((line, at) =>
    line.startsWith('|')
      ? line
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim().length)
          .filter((length) => length > LONGEST_CELL)
          .map((length) => `${at + 1}: ${length}`)
      : [],
  );

test('no table of a document has a cell over 160 characters', () => {
  const files = repositoryFiles(/\.md$/);
  expect(files.length).toBeGreaterThan(12);
  expect(files.flatMap(({ path, text }) => longCells(text).map((cell) => `${path}:${cell}`))).toEqual([]);
});

test('the search finds a long cell, and no long line of short cells', () => {
  const x = (times: number) => 'x'.repeat(times);
  expect(longCells(`| a | ${x(161)} |\n| ${x(160)} | ${x(160)} |\n${x(300)}\n| ${x(80)} \\| ${x(80)} |`)).toEqual([
    '1: 161',
    '4: 164',
  ]);
});

test('the tables of benches and of RELIABILITY.md have no long cell', () => {
  const long = 'why '.repeat(60).trim();
  expect(
    table([
      ['case', 'unit'],
      ['one', long],
      ['two', 'ms'],
    ]),
  ).toBe(`case  unit\n----  ------\none   note 1\ntwo   ms\nnote 1: ${long}`);
  const row: SeededRow = {
    suite: 'terminated and reset by a namespace writer',
    promises: ['not lost', 'one resolution', 'delivered', 'receipt'],
    cases: 10_001,
    passed: 0,
    failed: 10_001,
    skipped: 0,
    note: long,
    seconds: 1,
    failures: [long],
    seed: 123_456_789,
  };
  const versions = { postgres: '18.4', temporal: '1.9.1 (Server 1.32.0, UI 2.54.1)', node: '20.20.2' };
  expect(longCells(reliabilityTable([row], versions))).toEqual([]);
});
