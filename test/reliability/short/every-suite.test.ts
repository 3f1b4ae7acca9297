import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** These need minutes even in the short form; only `npm run reliability` runs them. */
const LONG = ['crashPoints', 'faults', 'clocks', 'temporalAway', 'postgresAway'];

const names = (list: string): string[] => list.match(/\w+/g) ?? [];

test('every suite has its short form in one file of this folder, or is too long', () => {
  const index = readFileSync(new URL('../suites/index.ts', import.meta.url), 'utf8');
  const all = names(/SUITES: Suite\[\] = \[([^\]]+)\]/.exec(index)![1]!);
  const short = readdirSync(import.meta.dirname).flatMap((name) =>
    [...readFileSync(new URL(name, import.meta.url), 'utf8').matchAll(/^shortForm\(([^)]+)\)/gm)].flatMap(([, list]) =>
      names(list!),
    ),
  );
  expect([...short, ...LONG].toSorted()).toEqual(all.toSorted());
});
