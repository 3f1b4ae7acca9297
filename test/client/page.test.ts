import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as client from '../../client/index.ts';

/** docs/client.md names everything that the client exports. `test/documents` runs its snippets. */
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/client.md');
const isNamed = (name: string) => new RegExp(`\`${name}\\b`).test(page);

/** The members of an exported interface. */
function membersOf(path: string, name: string): string[] {
  const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(read(path))![1]!;
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member!);
}

test('every export has a place on the page', () => {
  const types = [...read('client/index.ts').matchAll(/\btype (?:\{([^}]+)\}|(\w+))/g)].flatMap(([, list, one]) =>
    (list ?? one!).split(',').map((name) => name.trim()),
  );
  expect(types.length).toBeGreaterThan(10);
  expect([...Object.keys(client), ...types].filter((name) => !isNamed(name))).toEqual([]);
});

test('every method has a section with its signature', () => {
  const methods = Object.getOwnPropertyNames(client.LetsPing.prototype).filter((name) => name !== 'constructor');
  expect(methods.length).toBeGreaterThan(8);
  expect(methods.filter((name) => !new RegExp(`^(?:.*, )?\`${name}[(<].*\\): `, 'm').test(page))).toEqual([]);
});

test.each([
  ['client/lets-ping.ts', 'LetsPingOptions'],
  ['client/ask-options.ts', 'AskOptions'],
  ['client/wait.ts', 'WaitOptions'],
  ['client/decision.ts', 'Decision'],
])('%s: every member of %s is a row', (path, name) => {
  const members = membersOf(path, name);
  expect(members.length).toBeGreaterThan(1);
  expect(members.filter((member) => !new RegExp(`^\\| [^|]*\`${member}\``, 'm').test(page))).toEqual([]);
});

test('every member of an error is a row', () => {
  const members = Object.getOwnPropertyNames(new client.LetsPingError('LETSPING_NETWORK', 'x')).filter(
    (name) => name !== 'stack' && name !== 'name',
  );
  const getters = Object.getOwnPropertyNames(client.LetsPingError.prototype).filter((name) => name !== 'constructor');
  expect([...members, ...getters].filter((member) => !new RegExp(`^\\| [^|]*\`${member}\``, 'm').test(page))).toEqual(
    [],
  );
});
