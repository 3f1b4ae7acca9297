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

/** Without blocks and spans of code, which contain no links and no headings. */
const prose = (text: string): string =>
  text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => (code.includes('](') ? '' : code));

/** Relative targets of Markdown links: the path, empty for the same page, and the anchor. */
const linksIn = (text: string): { to: string; anchor: string | undefined }[] =>
  [...prose(text).matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)]
    .map(([, to, anchor]) => ({ to: to!, anchor }))
    .filter(({ to }) => !to.includes(':'));

/** Anchors of a page, as GitHub makes them from its headings, and those written as `id`. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set([...text.matchAll(/<\w+ (?:id|name)="([^"]+)"/g)].map(([, id]) => id!));
  for (const [, heading] of text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let [anchor, repeated] = [slug, 0];
    while (anchors.has(anchor)) anchor = `${slug}-${++repeated}`;
    anchors.add(anchor);
  }
  return anchors;
}

test('every path in a document or comment exists, and so does the target of every link', () => {
  const files = repositoryFiles(/\.(?:md|ts|mjs|sql|ya?ml)$/);
  const documents = files.filter(({ path }) => path.endsWith('.md'));
  const named = files.flatMap(({ path, text }) => pathsIn(text).map((to) => ({ path, to })));
  const linked = documents.flatMap(({ path, text }) =>
    linksIn(text).map(({ to, anchor }) => ({ path, to: to === '' ? path : join(dirname(path), to), anchor })),
  );
  expect(named.length).toBeGreaterThan(60);
  expect(linked.length).toBeGreaterThan(20);
  const names = new Set(files.map(({ path }) => basename(path)));
  const bare = files.flatMap(({ path, text }) => namesIn(text).map((to) => ({ path, to })));
  const anchors = new Map(documents.map(({ path, text }) => [path, anchorsOf(text)]));
  const missing = [
    // A link that leaves the repository works on one machine only.
    ...[...named, ...linked].filter(({ to }) => to.startsWith('..') || !exists(to)),
    ...bare.filter(({ to }) => !names.has(to)),
    ...linked
      .filter(({ to, anchor }) => anchor !== undefined && !anchors.get(to)?.has(anchor))
      .map(({ path, to, anchor }) => ({ path, to: `${to}#${anchor}` })),
  ];
  expect(missing.map(({ path, to }) => `${path}: ${to}`)).toEqual([]);
});

test('a path is found in prose, in a command, and not in a route or a name of another kind', () => {
  expect(pathsIn('see `storage/db/pool.ts`, `npx vitest run test/cli` and `/api/ingest`, `egress/metadata`')).toEqual([
    'storage/db/pool.ts',
    'test/cli',
  ]);
});

test('an anchor is made from a heading as GitHub does it, a second one of the same name gets a number', () => {
  const page = [
    '# Policy: `allow`, hold & block',
    '```sh\n# a comment\n```',
    '## Who',
    '## Who',
    '### [API](x.md), 2nd',
    '<a id="code_1"></a>',
  ].join('\n');
  expect([...anchorsOf(page)]).toEqual(['code_1', 'policy-allow-hold--block', 'who', 'who-1', 'api-2nd']);
  expect(linksIn('[a](b.md#c), [d](#e), [f](https://g.example/#h), `[i](j)`\n```\n[k](l)\n```')).toEqual([
    { to: 'b.md', anchor: 'c' },
    { to: '', anchor: 'e' },
  ]);
});

/** Files beside the repository, which a clone does not have. */
const OUTSIDE = /(?<![\w/-])(?:(?:design|style)\.md|notes\/[\w-]+|\.\.\/(?:\.\.\/)*shared\/|\/(?:work|tmp\/wt)\/)/g;

const outsideIn = (path: string, text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, at) => [...line.matchAll(OUTSIDE)].map(({ 0: found }) => `${path}:${at + 1}: ${found}`));

test('no file names a file outside the repository', () => {
  const files = repositoryFiles(/\.(?:ts|mjs|md|sql|json|ya?ml|sh)$|Dockerfile$|^\.ci\/|^\.\w+ignore$/).filter(
    ({ path }) => path !== 'test/document-paths.test.ts' && path !== 'package-lock.json',
  );
  expect(files.length).toBeGreaterThan(400);
  expect(files.flatMap(({ path, text }) => outsideIn(path, text))).toEqual([]);
  const text =
    "see design.md, `notes/temporal.md`,\n'../shared/data/a.jsonl' and /work/main\nnot a/notes/b or restyle.md";
  expect(outsideIn('a.ts', text)).toEqual([
    'a.ts:1: design.md',
    'a.ts:1: notes/temporal',
    'a.ts:2: ../shared/',
    'a.ts:2: /work/',
  ]);
});
