import { expect, test } from 'vitest';
import { repositoryFiles } from './helpers/repository-files.ts';

/**
 * A capital letter and a number, as a plan numbers its entries. A reader of one page cannot know what it stands for: use a name. A
 * page that needs codes defines each in a table: `| W3 | its meaning |`.
 */
const CODE = /(?<![\w%=-])[ILPSTUW]\d{1,2}(?!\w)/g;

const undefinedCodes = (path: string, text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, at) =>
      [...line.matchAll(CODE)]
        .filter(({ 0: code }) => !text.includes(`| ${code} |`))
        .map(({ 0: code }) => `${path}:${at + 1}: ${code}`),
    );

test('no text uses a code that its page does not define', () => {
  const files = repositoryFiles(/\.(?:ts|mjs|md|sql|json|ya?ml|sh)$|Dockerfile$|^\.ci\//).filter(
    // Generated.
    ({ path }) => path !== 'package-lock.json' && !/^test\/histories\/.*\.json$/.test(path),
  );
  expect(files.length).toBeGreaterThan(400);
  expect(files.flatMap(({ path, text }) => (path === 'test/codes.test.ts' ? [] : undefinedCodes(path, text)))).toEqual(
    [],
  );
});

test('a code is found in prose, in a comment, in a title and in a setting; one that its page defines is not', () => {
  const text = [
    '// S8: the ledger',
    "test('P1 holds')",
    'at I10, then',
    "CRASH_AT: 'S8.before:1'",
    '(U2)',
    'sha256-W47 V8',
  ];
  expect(undefinedCodes('a.ts', text.join('\n'))).toEqual([
    'a.ts:1: S8',
    'a.ts:2: P1',
    'a.ts:3: I10',
    'a.ts:4: S8',
    'a.ts:5: U2',
  ]);
  expect(undefinedCodes('a.md', '| S8 | the ledger is written |\n\nS8 is last; S9 is not')).toEqual(['a.md:3: S9']);
});
