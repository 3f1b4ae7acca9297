import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY, repositoryFiles } from './helpers/repository-files.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

test('the index of the documents lists every page', () => {
  const index = read('docs/README.md');
  const pages = repositoryFiles(/^docs\/[^/]+\.md$/)
    .map(({ path }) => path.slice('docs/'.length))
    .filter((name) => name !== 'README.md');
  expect(pages.length).toBeGreaterThan(8);
  expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});

test('the page on upgrades names each peer dependency with its range', () => {
  const { peerDependencies } = JSON.parse(read('package.json')) as { peerDependencies: Record<string, string> };
  const table = read('docs/upgrade.md')
    .split('\n')
    .filter((line) => line.startsWith('| `@'));
  const ranges = table.flatMap((line) => {
    const [names, range] = line.split('|').slice(1, 3);
    return names!.split(',').map((name) => [name.replaceAll(/[` ]/g, ''), range!.replaceAll('`', '').trim()]);
  });
  expect(Object.fromEntries(ranges)).toEqual(peerDependencies);
});

test('the page on upgrades names every workflow type', () => {
  const exported = [...read('workflows/index.ts').matchAll(/export \{ (\w+) \}/g)].map(([, name]) => name!);
  expect(exported).toContain('approvalV1');
  for (const name of exported) expect(read('docs/upgrade.md')).toContain(`\`${name}\``);
});
