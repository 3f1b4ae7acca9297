import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { publishedPython } from '../e2e/published-python.ts';
import { localSystem } from '../helpers/local-system.ts';
import { checkCommand, checkSql, type Done, PROGRAMS } from './commands.ts';
import { commandsOfBlock, commandsOfInline, hiddenCommands, isFragment, isSql } from './inline-commands.ts';
import { NO_COMMANDS, NOT_RUNNABLE } from './not-runnable.ts';
import { applyPolicy, peopleOf } from './person.ts';
import { createProject } from './project.ts';
import { notRun, readDocument, readDocuments } from './read.ts';
import { atSystem, missingPrograms, runBlock, type Surroundings } from './run-block.ts';
import { compile, isTypeScript } from './typescript.ts';
import { commandsOf } from './words.ts';

/**
 * Every code block and every command of every document is run, checked, or marked as not runnable with a reason. A document
 * that is written tomorrow is read as well.
 */
const documents = readDocuments();
const counts = { blocks: new Map<string, number>(), commands: new Map<string, number>() };
const count = (kind: keyof typeof counts, done: Done): void => {
  counts[kind].set(done, (counts[kind].get(done) ?? 0) + 1);
};
const used = new Set<string>();
/** What was done with a command that several documents name. */
const known = new Map<string, Done>();

let surroundings: Surroundings;
let compileErrors: Awaited<ReturnType<typeof compile>>;

beforeAll(async () => {
  const system = await localSystem();
  await applyPolicy(system);
  const project = await createProject(system);
  surroundings = { system, project, people: peopleOf(system), python: publishedPython('0.3.3') };
  const snippets = documents.flatMap(({ blocks }) => blocks).filter((block) => isTypeScript(block) && !notRun(block));
  compileErrors = await compile(project, snippets, ({ text }) => atSystem(text, system));
});

afterAll(async () => {
  const summary = Object.entries(counts).map(
    ([kind, done]) => `${kind}: ${[...done].map(([word, number]) => `${number} ${word}`).join(', ')}`,
  );
  process.stderr.write(`  ${documents.length} documents; ${summary.join('; ')}\n`);
  surroundings?.project.remove();
  await surroundings?.system.stop();
});

describe.each(documents.filter(({ blocks }) => blocks.length > 0))('$path', ({ blocks }) => {
  test.each(blocks)('line $line, $language $info', async (block) => {
    if (notRun(block) !== undefined) {
      for (const { words } of commandsOfBlock(block)) used.add(words.join(' '));
      return count('blocks', 'not runnable');
    }
    if (block.language === 'text') {
      expect(hiddenCommands(block, PROGRAMS), 'a text block is not run: use sh').toEqual([]);
      return;
    }
    const missing = missingPrograms(block, surroundings);
    if (missing.length > 0) {
      expect(process.env['LETSPING_CI'], `not installed: ${missing.join(', ')}`).not.toBe('1');
      process.stderr.write(`  skipped ${block.document}:${block.line}: not installed: ${missing.join(', ')}\n`);
      return count('blocks', 'not runnable');
    }
    if (isTypeScript(block)) expect(compileErrors(block)).toEqual([]);
    await runBlock(block, surroundings);
    count('blocks', 'run');
  });
});

describe.each(documents.filter(({ inline, blocks }) => inline.length + blocks.length > 0))('$path', (document) => {
  test('its commands', async () => {
    const failures: string[] = [];
    const inline = document.inline.map((code) => ({ at: code, commands: commandsOfInline(code), text: code.text }));
    const marked = document.blocks
      .filter((block) => notRun(block) !== undefined)
      .map((block) => ({ at: block, commands: commandsOfBlock(block), text: '' }));
    for (const { at, commands, text } of [...inline, ...marked]) {
      const where = `${document.path}:${at.line}`;
      if (isSql(text)) count('commands', await checkSql(text));
      if (isFragment(text)) failures.push(`${where}: write the whole command, not ${text}`);
      for (const command of commands) {
        const words = command.words.join(' ');
        used.add(words);
        if (Object.hasOwn(NO_COMMANDS, words)) continue;
        if (Object.hasOwn(NOT_RUNNABLE, words)) {
          count('commands', 'not runnable');
          continue;
        }
        try {
          const key = JSON.stringify(command);
          if (!known.has(key)) known.set(key, await checkCommand(command, surroundings));
          count('commands', known.get(key)!);
        } catch (error) {
          failures.push(`${where}: ${words}: ${(error as Error).message}`);
        }
      }
    }
    expect(failures).toEqual([]);
  });
});

describe('a command that is wrong fails', () => {
  test.each([
    'kubectl apply -f x.yaml',
    'npm nothing --force',
    'npm run nothing',
    'npm run demo --ask',
    'npx vitest run test/nothing',
    'npx vitest run --project nothing test/cli',
    'npm run reliability -- --only nothing',
    'npm run bench -- nothing',
    'npm run bench -- approvals --only nothing',
    'npm run bench -- sealing --nothing',
    'letsping nothing',
    'letsping inbox --nothing',
    'letsping keys nothing',
    'letsping dev --nothing',
    'npx letsping show req_nothing',
    'docker compose run --rm nothing',
    'npm install ../letsping-temporal/tarballs/nothing-0.1.0.tgz',
    'deploy/nothing.sh --all',
  ])('%s', async (text) => {
    await expect(checkCommand(commandsOf(text)[0]!, surroundings)).rejects.toThrow();
  });

  test('an option that a program of others does not have', async () => {
    const check = checkCommand(commandsOf('temporal workflow signal --nothing')[0]!, surroundings);
    if (inject('temporalBinary') === '') expect(await check).toBe('not runnable');
    else await expect(check).rejects.toThrow('--nothing');
  });
});

describe('a block that is wrong fails', () => {
  test.each([
    ['without a language', '```\nletsping inbox\n```'],
    ['in a language that nothing runs', '```ruby\nputs 1\n```'],
    ['that ends with an error', '```sh\nfalse\n```'],
    ['that does not print what it promises', '```sh\necho yes   # prints no\n```'],
    ['whose answer has another status', '```sh\ncurl -s http://127.0.0.1:4400/livez\n# 201 { "id": 1 }\n```'],
    ['of JSON that does not parse', '```json\n{ "a": … }\n```'],
    ['of a policy with an unknown member', '```yaml\nnothing: true\n```'],
    ['of SQL about an unknown table', '```sql\nselect 1 from nothing\n```'],
  ])('%s', async (_, text) => {
    await expect(runBlock(readDocument('page.md', text).blocks[0]!, surroundings)).rejects.toThrow();
  });
});

test('every entry of the two tables of test/documents/not-runnable.ts is a command of a document', () => {
  const entries = [...Object.keys(NOT_RUNNABLE), ...Object.keys(NO_COMMANDS)];
  expect(entries.filter((entry) => !used.has(entry))).toEqual([]);
});
