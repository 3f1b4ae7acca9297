import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MARKED, MARKERS } from '../../../domain/firewall/guardrails/patterns.ts';
import { SECRET_SHAPES } from '../../../domain/firewall/text/secret-shapes.ts';
import { secretsIn } from '../../../domain/firewall/text/secrets.ts';
import { type Alternative, alternativesOf } from './word-lists/branches.ts';
import { EXAMPLES, PATTERN_EXERCISES } from './word-lists/patterns.ts';

const FIREWALL = join(import.meta.dirname, '../../../domain/firewall');
const FILES = readdirSync(FIREWALL, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'));

/** Why an alternative is not shown to change an outcome; undefined when it is. */
function unreached(pattern: RegExp, one: Alternative, has: (text: string) => boolean, examples: readonly string[]) {
  const plain = new RegExp(pattern.source, pattern.flags.replace('g', ''));
  const samples = [...one.samples, ...one.samples.map((sample) => `x${sample}`), ...examples];
  const chosen = samples.filter((sample) => plain.test(sample) !== one.excludes);
  const alone = chosen.filter((sample) => one.without.test(sample) === one.excludes);
  if (alone.some((sample) => has(sample) !== one.excludes)) return undefined;
  const why = chosen.length === 0 ? 'no sample' : alone.length === 0 ? 'another alternative covers it' : 'no outcome';
  return `${one.written.slice(0, 40)} (${JSON.stringify((alone[0] ?? chosen[0] ?? samples[0])!.slice(0, 60))}): ${why}`;
}

for (const path of FILES.filter((path) => /(?:^|[/-])patterns\.ts$/.test(path))) {
  const exports: Record<string, RegExp | readonly RegExp[]> = await import(posix.join(FIREWALL, path));
  describe(path, () => {
    test.each(Object.keys(exports).filter((name) => name !== 'MARKED'))(
      'each alternative of %s changes an outcome',
      (name) => {
        const exercise = PATTERN_EXERCISES[name];
        if (!exercise) expect.fail(`No exercise in word-lists/patterns.ts shows what ${name} does.`);
        expect(exercise.has(exercise.placebo ?? 'qqz'), 'the placebo').toBe(false);
        const dead = [exports[name]!]
          .flat()
          .flatMap((pattern) =>
            alternativesOf(pattern).flatMap((one) => unreached(pattern, one, exercise.has, EXAMPLES[name] ?? []) ?? []),
          );
        expect(dead).toEqual([]);
      },
    );
  });
}

test('each alternative of MARKED lets a marker through that no other one does', () => {
  const samples = MARKERS.flatMap((marker) => alternativesOf(marker).flatMap((one) => one.samples)).concat(
    EXAMPLES['MARKED'] ?? [],
  );
  const marked = samples.filter((sample) => MARKERS.some((marker) => marker.test(sample)));
  const idle = alternativesOf(MARKED).filter(({ without }) => marked.every((sample) => without.test(sample)));
  expect(idle.map(({ written }) => written)).toEqual([]);
});

test.each(SECRET_SHAPES.map((one) => [one[1], ...one] as const))(
  'each alternative of %s finds a secret',
  (_, kind, mark, shape) => {
    const finds = (text: string): boolean => secretsIn(text).some((secret) => secret.kind === kind);
    const shapes = alternativesOf(shape);
    expect(shapes.flatMap((one) => unreached(shape, one, finds, EXAMPLES[kind] ?? []) ?? [])).toEqual([]);
    const found = shapes
      .flatMap(({ samples }) => samples)
      .concat(EXAMPLES[kind] ?? [])
      .filter(finds);
    const idle = alternativesOf(mark).filter(({ without }) => found.every((text) => without.test(text)));
    expect(idle.map(({ written }) => written)).toEqual([]);
  },
);

test('long patterns stand in data modules only', () => {
  const isData = (path: string): boolean =>
    /(?:patterns|secret-shapes|words|personal-data|payment-accounts)\.ts$/.test(path);
  const literal = /(?<![\w)\]/*])\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[gimsuy]*/g;
  const long = FILES.filter((path) => !isData(path)).flatMap((path) =>
    [...readFileSync(join(FIREWALL, path), 'utf8').matchAll(literal)]
      .map(([text]) => text)
      .filter((text) => text.length > 120 && text.split('|').length > 8)
      .map((text) => `${path}: ${text.slice(0, 60)}`),
  );
  expect(long).toEqual([]);
});
