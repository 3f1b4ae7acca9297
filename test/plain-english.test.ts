import { expect, test } from 'vitest';
import { repositoryFiles } from './helpers/repository-files.ts';

/** Phrases that a reader must read twice. Identifiers are searched too: none needs such a name. */
const REFUSED = /\b(?:whoever|anew|dearer|mend(?:s|ed|ing)?|for\s*ever|(?:is|are)\s+told|nobody['’]s\s+answer)\b/gi;

/**
 * Lines that keep their words, by file and start: data that is not prose, and a migration that existing databases know by the
 * checksum of its text.
 */
const DATA = [
  ['domain/firewall/privilege/words.ts', "'never none infinite infinity unlimited"],
  ['storage/migrations/0005_second_approver.sql', '-- How the screening of a patch ended'],
] as const;

const isData = (path: string, line: string) =>
  DATA.some(([file, start]) => file === path && line.trim().startsWith(start));

/** `file:line: phrase` of each. A phrase that a line break divides, also in a comment or a list, is one. */
function refusedIn(path: string, text: string): string[] {
  const lines = text.split('\n');
  const joined = text.replace(/\n[ \t]*(?:\*|\/\/|--|#|>|-)?/g, (gap) => ' '.repeat(gap.length));
  return [...joined.matchAll(REFUSED)]
    .map(({ 0: phrase, index }) => ({ phrase, at: text.slice(0, index).split('\n').length }))
    .filter(({ at }) => !isData(path, lines[at - 1]!))
    .map(({ phrase, at }) => `${path}:${at}: ${phrase.replace(/\s+/g, ' ')}`);
}

test('comments and texts avoid the refused phrases', () => {
  const files = repositoryFiles(/\.(?:ts|mjs|md|sql|ya?ml|sh)$|Dockerfile$|^\.ci\//).filter(
    ({ path }) => path !== 'test/plain-english.test.ts',
  );
  expect(files.length).toBeGreaterThan(400);
  expect(files.flatMap(({ path, text }) => refusedIn(path, text))).toEqual([]);
});

test('the search finds each phrase with its line, and only whole words', () => {
  const sample = [
    '// Whoever asks',
    "say('written anew')",
    ' * It waits for',
    ' * ever, and a caller',
    ' * is',
    ' * told. Nobody’s answer',
    'for every one: amend, mended',
  ].join('\n');
  expect(refusedIn('a.ts', sample)).toEqual([
    'a.ts:1: Whoever',
    'a.ts:2: anew',
    'a.ts:3: for ever',
    'a.ts:5: is told',
    'a.ts:6: Nobody’s answer',
    'a.ts:7: mended',
  ]);
  const words = "  'never none infinite infinity unlimited forever permanent perpetual eternal indefinite',";
  expect(refusedIn('domain/firewall/privilege/words.ts', words)).toEqual([]);
  expect(refusedIn('domain/firewall/shell/paths.ts', words)).toEqual(['domain/firewall/shell/paths.ts:1: forever']);
});
