import { randomBytes } from 'node:crypto';
import { sameSecret, tokenHash } from '../../../../crypto/api-key.ts';
import type { Attempts } from './attempts.ts';

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: number[]) => {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
};

/** Welch's t of two classes, without the slowest percent of each: pauses of the machine. */
export function welch(a: number[], b: number[]): number {
  const [x, y] = [a, b].map((values) => values.toSorted((p, q) => p - q).slice(0, Math.ceil(values.length * 0.99)));
  return (mean(x!) - mean(y!)) / Math.sqrt(variance(x!) / x!.length + variance(y!) / y!.length);
}

/** Takes both classes in a random order, so that a drift of the machine, and the call before, is in both. */
function classes(samples: number, one: () => void, other: () => void): [number[], number[]] {
  const order = randomBytes(samples * 2);
  const times: [number[], number[]] = [[], []];
  for (let at = 0; at < samples * 2; at++) {
    const isOne = order[at]! < 128;
    const from = process.hrtime.bigint();
    (isOne ? one : other)();
    times[isOne ? 0 : 1].push(Number(process.hrtime.bigint() - from));
  }
  return times;
}

/**
 * Whether the time of a comparison says how much of a secret was right: digests that differ in the first or the last byte, and tokens
 * that differ in their first or last characters. Printed, and not asserted: the machine is shared. The mechanism has a unit test
 * (`test/crypto/api-key.test.ts`).
 */
export async function comparisons(on: Attempts, samples: number): Promise<void> {
  const genuine = randomBytes(32);
  const changed = (at: number) => Buffer.from(genuine.map((byte, index) => (index === at ? byte ^ 1 : byte)));
  const [first, last] = [changed(0), changed(31)];
  const token = randomBytes(32).toString('base64url');
  const near = [`${token.slice(0, -2)}AA`, `AA${token.slice(2)}`] as const;
  const expected = tokenHash(token);
  const tests: Record<string, [() => void, () => void]> = {
    digests: [() => sameSecret(first, genuine), () => sameSecret(last, genuine)],
    tokens: [() => sameSecret(tokenHash(near[0]), expected), () => sameSecret(tokenHash(near[1]), expected)],
  };
  for (const [what, [one, other]] of Object.entries(tests)) {
    classes(Math.min(samples, 2_000), one, other); // until it is compiled
    const t = welch(...classes(samples, one, other));
    on.tried(`comparison of ${what}`, samples * 2);
    on.count.note(
      `comparison of ${what}: t ${t.toFixed(1)} over 2 × ${samples} (a size below 4.5 shows no difference)`,
    );
    on.count.check(Number.isFinite(t), () => `comparison of ${what}: no time was measured`);
  }
}
