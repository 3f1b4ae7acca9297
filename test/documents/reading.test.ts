import { lexer, type Token } from 'marked';
import { describe, expect, test } from 'vitest';
import { repositoryFiles } from '../helpers/repository-files.ts';
import { commandsOfBlock, commandsOfInline, hiddenCommands, isFragment, isSql } from './inline-commands.ts';
import { notRun, readDocument, readDocuments } from './read.ts';

/** What the runner sees in a document. A block or command that it overlooks is never run. */
const block = (text: string) => readDocument('page.md', text).blocks[0]!;
const words = (text: string) =>
  readDocument('page.md', text).inline.flatMap((code) =>
    commandsOfInline(code).map((command) => command.words.join(' ')),
  );

const codeTokens = (tokens: Token[]): Token[] =>
  tokens.flatMap((token) => [
    ...(token.type === 'code' ? [token] : []),
    ...codeTokens('items' in token ? token.items : []),
    ...codeTokens(('tokens' in token && token.tokens) || []),
  ]);

test('every document has the code blocks that a Markdown parser finds', () => {
  const files = repositoryFiles(/\.md$/).filter(({ path }) => path !== 'CHANGELOG.md');
  const documents = readDocuments();
  expect(documents.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
  for (const [i, { path, text }] of files.entries()) {
    const parsed = codeTokens(lexer(text)).map((token) => (token as { text: string }).text.trim());
    expect(
      documents[i]!.blocks.map((one) => one.text.trim()),
      path,
    ).toEqual(parsed);
  }
});

describe('a block', () => {
  test('has the names of its comment, its line and its text, also in a list', () => {
    expect(
      block('1. Do\n\n   <!-- with: lp, task; person: rejects too much -->\n   ```ts\n   await x;\n   ```\n'),
    ).toEqual({
      document: 'page.md',
      line: 4,
      language: 'ts',
      info: '',
      directives: { with: 'lp, task', person: 'rejects too much' },
      text: 'await x;\n',
    });
  });

  test('is not run with a reason only', () => {
    expect(notRun(block('```sh not-run: needs a cluster\nx\n```'))).toBe('needs a cluster');
    expect(notRun(block('```sh policy\nx\n```'))).toBeUndefined();
    for (const info of ['not-run', 'not-run:', 'not-run: later', 'not-run needs a cluster'])
      expect(() => notRun(block(`\`\`\`sh ${info}\nx\n\`\`\``)), info).toThrow('needs a reason');
  });

  test.each(['```ts\nx\n', '<!-- with: lp; persn: approves -->\n```ts\nx\n```'])('is refused: %j', (text) => {
    expect(() => block(text)).toThrow(/has no end|the comment above a block takes/);
  });

  test('of text hides no command', () => {
    expect(hiddenCommands(block('```text\nagent ─► api\n  $ npm run demo\n```'), ['npm'])).toEqual([
      '  $ npm run demo',
    ]);
  });

  test('that is not run gives its commands nevertheless', () => {
    const marked = block(
      '```sh not-run: needs Docker\nA=1 docker compose up -d \\\n  --wait   # two of each\nnpm ci && cd x\n```',
    );
    expect(commandsOfBlock(marked).map((one) => one.words.join(' '))).toEqual([
      'docker compose up -d --wait',
      'npm ci',
      'cd x',
    ]);
  });
});

describe('inline code', () => {
  test.each([
    ['run `npm ci && npm test` now', ['npm ci', 'npm test']],
    ['`letsping reject ID --reason "too much"`', ['letsping reject ID --reason too much']],
    ['`A=1 letsping doctor`', ['letsping doctor']],
    ['| `x` | `kubectl apply -f x.yaml \\| cat -` |', ['kubectl apply -f x.yaml', 'cat -']],
    [
      '`npm run bench -- firewall-quality [FILE …] [--folds 3,4|all]`',
      ['npm run bench -- firewall-quality FILE --folds 3,4|all'],
    ],
    ['``letsping show `id` --json``', ['letsping show `id` --json']],
  ])('%s is a command', (text, expected) => expect(words(text)).toEqual(expected));

  test.each([
    '`GET /api/events`',
    '`untrusted: true`',
    '`npm`',
    '`lp.ask({ service })`',
    '`503 overloaded`',
    '`new LetsPing(key?: string)`',
    '`{ id, verdict }`',
    '`letsping.LETSPING_DOCS_BASE = "http://127.0.0.1:4400"`',
    '`reconcile/<task queue>`',
  ])('%s is no command', (text) => expect(words(text)).toEqual([]));

  test('half a command is one that a reader cannot run', () => {
    expect(['… -- show ID', '-- --full', '--json', 'npm run demo -- --ask'].map(isFragment)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('a statement of SQL is one', () => {
    expect(["create role x login password 'y';", 'letsping policy show'].map(isSql)).toEqual([true, false]);
  });
});
