import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from './helpers/repository-files.ts';
import { PROMISES } from './reliability/promises.ts';
import { report } from './reliability/report.ts';
import { SUITES } from './reliability/suites/index.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

/** Name and meaning in the first cell of a row: `| **sealed**: … |`. */
const promisesIn = (text: string): [string, string][] =>
  [...text.matchAll(/^\| \*\*([a-z ]+)\*\*: ([^|]+) \|/gm)].map(([, name, says]) => [name!, says!]);

test('README and threat model print each promise with its name and meaning', () => {
  const all = Object.entries(PROMISES);
  expect(promisesIn(read('docs/threat-model.md'))).toEqual(all);
  // These do not hold yet, and the README says so below its table.
  expect(promisesIn(read('README.md'))).toEqual(
    all.filter(([name]) => name !== 'complete history' && name !== 'shredded'),
  );
});

test('RELIABILITY.md has the shape that its generator writes', () => {
  const written = read('RELIABILITY.md');
  expect(report([], { postgres: '', temporal: '', node: '' }, written, SUITES)).toBe(written);
  for (const { name } of SUITES) expect(written).toContain(`\n| ${name} | `);
});

test('a suite that ran alone replaces its own row and note, and removes earlier failures', () => {
  const [first, second] = SUITES;
  const row = { cases: 3, passed: 2, failed: 1, skipped: 0, seconds: 1, seed: 7 };
  const versions = { postgres: '1', temporal: '2', node: '3' };
  const both = [first!, second!].map(({ name, promises }) => ({
    ...row,
    suite: name,
    promises,
    note: `note of ${name}`,
    failures: [`${name} | failed\nstack`],
  }));
  const before = report(both, versions, '', SUITES);
  expect(before).toContain(`- ${first!.name}: ${first!.name} | failed\n`);
  const after = report([{ ...both[1]!, note: 'new', failures: [] }], versions, before, SUITES);
  expect(after).toContain(`- ${first!.name}, seed 7: note of ${first!.name}\n- ${second!.name}, seed 7: new\n`);
  expect(after).not.toContain('Failed:');
  expect(after.split(`\n| ${second!.name} |`)).toHaveLength(2);
});
