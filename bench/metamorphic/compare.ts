import type { Action } from '../../contracts/action.ts';
import type { Screening, Verdict } from '../../contracts/verdict.ts';
import { screenAction } from '../../domain/firewall/screen.ts';
import type { ScreenDeps } from '../../domain/firewall/screen-deps.ts';
import { type Case, statsOf } from './cases.ts';
import { changed, type Random } from './changes.ts';

const RANK: Record<Verdict, number> = { allow: 0, hold: 1, block: 2 };

export const screened = (one: Case, call: Action, deps: ScreenDeps): Screening =>
  screenAction(call, one.context, one.policy, undefined, { ...deps, stats: statsOf(one) });

/** Repeatable numbers (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export interface Milder {
  readonly seed: number;
  readonly before: Verdict;
  readonly after: Verdict;
  readonly call: Action;
}

/** The variations of a case that got a milder verdict than the case itself. */
export function milderVariations(one: Case, seeds: Iterable<number>, deps: ScreenDeps): Milder[] {
  const before = screened(one, one.call, deps).verdict;
  const found: Milder[] = [];
  for (const seed of seeds) {
    const call = changed(one.call, one.families, randomOf(seed));
    const { verdict: after, findings } = screened(one, call, deps);
    // What is not read cannot be blocked by a rule; it is held.
    const isUnread = after === 'hold' && findings.some(({ id }) => id === 'payload_not_fully_judged');
    if (RANK[after] < RANK[before] && !isUnread) found.push({ seed, before, after, call });
  }
  return found;
}
