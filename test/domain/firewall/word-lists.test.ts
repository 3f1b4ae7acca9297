import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../domain/firewall/guardrails/infrastructure-words.ts';
import { DROP_SUFFIXES, INTERNAL_SUFFIXES, STEERED_SUFFIXES } from '../../../domain/firewall/hosts/known-hosts.ts';
import { SERVER_FUNCTION_PREFIXES } from '../../../domain/firewall/sql/words.ts';
import { VOCABULARY_STEMS } from '../../../domain/firewall/text/words.ts';
import type { Exercise } from './word-lists/exercise.ts';
import { GUARDRAILS } from './word-lists/guardrails.ts';
import { HOSTS } from './word-lists/hosts.ts';
import { HISTORY, MONEY } from './word-lists/money.ts';
import { OUTBOUND } from './word-lists/outbound.ts';
import { PARSING } from './word-lists/parsing.ts';
import { PRIVILEGE } from './word-lists/privilege.ts';
import { SHELL } from './word-lists/shell.ts';
import { SQL } from './word-lists/sql.ts';
import { TEXT } from './word-lists/text.ts';

const EXERCISES: Record<string, Record<string, Exercise>> = {
  text: TEXT,
  hosts: HOSTS,
  parsing: PARSING,
  privilege: PRIVILEGE,
  outbound: OUTBOUND,
  sql: SQL,
  shell: SHELL,
  money: MONEY,
  history: HISTORY,
  guardrails: GUARDRAILS,
};
const FIREWALL = join(import.meta.dirname, '../../../domain/firewall');
const isData = (path: string): boolean =>
  /(?:^|[/-])words\.ts$|\/(?:known-hosts|look-alikes)\.ts$/.test(path) && path !== 'text/key-words.ts';
const FILES = readdirSync(FIREWALL, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'));

/** Groups of verbs are `<group> <0: verb of an action, 1: stem of a request> <word>`. */
const entriesOf = (list: unknown): string[] => {
  if (list instanceof Set) return [...list];
  if (!Array.isArray(list)) return Object.keys(list as object);
  return list.flatMap((one: string | ReadonlySet<string>[], group) =>
    typeof one === 'string' ? [one] : one.flatMap((set, side) => [...set].map((word) => `${group} ${side} ${word}`)),
  );
};

for (const path of FILES.filter(isData)) {
  const lists: Record<string, unknown> = await import(posix.join(FIREWALL, path));
  describe(path, () => {
    test.each(Object.keys(lists))('each entry of %s changes an outcome', (name) => {
      const exercise = EXERCISES[path.split('/')[0]!]?.[name];
      if (!exercise) expect.fail(`No exercise in word-lists/ shows what ${name} does.`);
      expect(exercise.has(exercise.placebo ?? 'qqz'), 'the placebo').toBe(false);
      expect(entriesOf(lists[name]).filter((entry) => !exercise.has(entry))).toEqual([]);
    });
  });
}

test('no entry repeats another one, where the longer word is found by the shorter', () => {
  const within = (list: Iterable<string>, isFound: (longer: string, shorter: string) => boolean): string[] =>
    [...list].filter((one) => [...list].some((other) => other !== one && isFound(one, other)));
  expect(within(RESOURCES, (longer, shorter) => longer.includes(shorter))).toEqual([]);
  expect(within(SERVER_FUNCTION_PREFIXES, (longer, shorter) => longer.startsWith(shorter))).toEqual([]);
  expect(within(VOCABULARY_STEMS, (longer, shorter) => longer.includes(shorter))).toEqual([]);
  for (const suffixes of [INTERNAL_SUFFIXES, STEERED_SUFFIXES, DROP_SUFFIXES])
    expect(within(suffixes, (longer, shorter) => longer.endsWith(`.${shorter}`))).toEqual([]);
});

/** The names of findings judge nothing; `finding-names.test.ts` checks them. */
const NO_WORDS = ['finding-names.ts'];

test('word lists stand in data modules only', () => {
  const inLogic = FILES.filter((path) => !isData(path) && !NO_WORDS.includes(path)).flatMap((path) => {
    const text = readFileSync(join(FIREWALL, path), 'utf8');
    const found = [...text.matchAll(/'(?:[\w.-]+ ){7,}[\w.-]+'(?:\.split|,?\s*\.split)|(?:'[\w.-]+',\s+){8,}/g)];
    return found.map(([list]) => `${path}: ${list.slice(0, 60)}`);
  });
  expect(inLogic).toEqual([]);
});
