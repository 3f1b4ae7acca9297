import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY, repositoryFiles } from './helpers/repository-files.ts';

const FOLDERS = new Set(
  readdirSync(REPOSITORY, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'dist' && entry.name !== 'node_modules')
    .map(({ name }) => name),
);

/** Words in backticks that look like a path from the root: `test/cli`, `npx vitest run test/cli/verify.test.ts`. */
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, code]) => code!.split(/[\s,:()'"]+/))
    .filter(
      (word) => /^[\w.-]+(?:\/[\w.-]+)*\/?$/.test(word) && word.includes('/') && FOLDERS.has(word.split('/')[0]!),
    );

/** File names without a folder: `pool.ts`. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, code]) => code!.split(/[\s,:()'"]+/))
    .filter((word) => /^[\w-][\w.-]*\.(?:ts|md|mjs|sql)$/.test(word));

/** Compiled modules have the path of their source. */
const exists = (path: string): boolean =>
  [path, path.replace(/\.js$/, '.ts')].some((one) => existsSync(join(REPOSITORY, one)));

/** Relative targets of Markdown links. */
const linksIn = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => to!).filter((to) => !to.includes(':'));

test('every path in a document or comment exists, and so does the target of every link', () => {
  const files = repositoryFiles(/\.(?:md|ts|mjs|sql|ya?ml)$/);
  const documents = files.filter(({ path }) => path.endsWith('.md'));
  const named = files.flatMap(({ path, text }) => pathsIn(text).map((to) => ({ path, to })));
  const linked = documents.flatMap(({ path, text }) =>
    linksIn(text).map((to) => ({ path, to: join(dirname(path), to) })),
  );
  expect(named.length).toBeGreaterThan(60);
  expect(linked.length).toBeGreaterThan(20);
  const names = new Set(files.map(({ path }) => basename(path)));
  const bare = files.flatMap(({ path, text }) => namesIn(text).map((to) => ({ path, to })));
  const missing = [
    ...[...named, ...linked].filter(({ to }) => !exists(to)),
    ...bare.filter(({ to }) => !names.has(to)),
  ];
  expect(missing.map(({ path, to }) => `${path}: ${to}`)).toEqual([]);
});

test('a path is found in prose, in a command, and not in a route or a name of another kind', () => {
  expect(pathsIn('see `storage/db/pool.ts`, `npx vitest run test/cli` and `/api/ingest`, `egress/metadata`')).toEqual([
    'storage/db/pool.ts',
    'test/cli',
  ]);
});
