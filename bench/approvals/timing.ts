import { percentile } from '../row.ts';

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}

/** Milliseconds per side; the sides run by turns, so that other load on the machine slows all of them. */
export async function byTurns<S extends string>(
  rounds: number,
  sides: Record<S, (round: number) => Promise<number | undefined>>,
): Promise<Record<S, number[]>> {
  const names = Object.keys(sides) as S[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<S, number[]>;
  const warmUp = Math.min(20, Math.ceil(rounds / 4));
  for (let round = -warmUp; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) {
      const ms = await sides[name](round);
      if (round >= 0 && ms !== undefined) times[name].push(ms);
    }
  }
  return times;
}

/**
 * Milliseconds per side, in blocks of `rounds` calls: within a block the caches belong to one side, as on a busy server. The first side of
 * each turn alternates.
 */
export async function inBlocks<S extends string>(
  turns: number,
  rounds: number,
  sides: Record<S, () => Promise<unknown>>,
): Promise<Record<S, number[]>> {
  const names = Object.keys(sides) as S[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<S, number[]>;
  for (let turn = 0; turn < turns; turn++)
    for (const name of turn % 2 === 0 ? names : [...names].reverse())
      for (let round = 0; round < rounds; round++) times[name].push((await timed(sides[name])).ms);
  return times;
}

/** Runs `work` `count` times, `inFlight` at a time; returns the total milliseconds. */
export async function inFlight(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(width, count) }, async () => {
      for (let index = next++; index < count; index = next++) await work(index);
    }),
  );
  return performance.now() - started;
}

export const p50 = (values: number[]) => percentile(values, 50);
export const p95 = (values: number[]) => percentile(values, 95);
