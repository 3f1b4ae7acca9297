import { expect, test } from 'vitest';
import { renderDocument } from '../../api/docs/render.ts';
import { repositoryFiles } from '../helpers/repository-files.ts';

const NAMES = ['README', 'errors', 'page'];
const rendered = (text: string) => renderDocument('page', `# Title\n\n${text}`, NAMES);

test('a heading gets the id that GitHub gives it, and a code in capitals also the code itself', () => {
  const page = rendered(
    [
      '## What it is, and *what not*',
      '## `own_patch`',
      '## Twice',
      '## Twice',
      '## Größe: 4 MB',
      '## `LETSPING_TIMEOUT`',
    ].join('\n\n'),
  );
  expect([...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id)).toEqual([
    'what-it-is-and-what-not',
    'own_patch',
    'twice',
    'twice-1',
    'größe-4-mb',
    'letsping_timeout',
  ]);
  expect(page).toContain('<span id="LETSPING_TIMEOUT"></span>');
  expect(page).toContain('<nav class="contents" aria-label="On this page"><ul><li><a href="#what-it-is-and-what-not">');
});

test('a link leads to the served page, to the repository, or where it says', () => {
  const hrefs = (text: string) =>
    [...rendered(text).matchAll(/<article>[\s\S]*/g)].flatMap(([article]) =>
      [...article!.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href),
    );
  expect(hrefs('[a](errors.md#own_patch) [b](README.md) [c](#title) [d](https://example.com/?a=1&b=2)')).toEqual([
    '/docs/errors#own_patch',
    '/docs',
    '#title',
    'https://example.com/?a=1&amp;b=2',
    '/docs', // of the footer
  ]);
  expect(hrefs('[a](../README.md#run-it)')[0]).toMatch(/^https:\/\/github\.com\/.+\/blob\/main\/README\.md#run-it$/);
});

test('text is escaped, also in code', () => {
  const page = rendered('A < B & `<script>`\n\n```html\n<img src=x onerror=y>\n```\n\n| `<b>` |\n| --- |\n| a & b |');
  expect(page).toContain('A &lt; B &amp; <code>&lt;script&gt;</code>');
  expect(page).toContain('&lt;img src=x onerror=y&gt;');
  expect(page).toContain('<th><code>&lt;b&gt;</code></th>');
  expect(page).not.toMatch(/<script|<img src=x|<b>/);
});

test('a comment is left out', () => {
  expect(rendered('One\n\n<!-- with: lp -->\n```ts\nx\n```')).not.toContain('with: lp');
});

test.each([
  ['markup of HTML', 'A <b>bold</b> word'],
  ['a block of HTML', '<script>alert(1)</script>'],
  ['HTML behind a comment', '<!-- with: lp --><script>alert(1)</script>'],
  ['a comment without an end', '<!-- with: lp'],
  ['an image', '![a picture](https://example.com/a.png)'],
  ['a link to a document that does not exist', '[a](nothing.md)'],
  ['a link with a script', '[a](javascript:alert(1))'],
])('%s ends the build', (_, text) => {
  expect(() => rendered(text)).toThrow(/^docs\/page\.md: /);
});

test('a document begins with its title', () => {
  expect(() => renderDocument('page', 'No title', NAMES)).toThrow(/does not begin with a title/);
});

test('only the renderer of our own documents inserts markup unescaped', () => {
  const users = repositoryFiles(/^(?:api|cli|runtime)\/.*\.ts$/).filter(({ text }) => /\bofDocument\b/.test(text));
  expect(users.map(({ path }) => path)).toEqual(['api/docs/render.ts', 'api/page/html.ts']);
});
