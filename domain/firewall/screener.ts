import type { Action, ActionContext } from '../../contracts/action.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Screening } from '../../contracts/verdict.ts';
import { findingOf } from './finding.ts';
import { blocks, routeOf } from './policy/policy.ts';
import { screenAction } from './screen.ts';
import type { ScreenDeps } from './screen-deps.ts';

/** What belongs to one call, beside its context. */
export type CallFacts = Pick<ScreenDeps, 'stats' | 'context_trust'>;

/**
 * Screens one action where its work can be bounded; undefined if the screening was ended, so that nothing of the payload was judged.
 * `key_id` is of the author of the payload: a key whose screening was ended is turned away for a while.
 * @throws DomainError rate_limited for a key that is turned away or has too many waiting
 */
export type Screener = (
  key_id: string,
  action: Action,
  context: ActionContext,
  policy: Policy,
  of?: CallFacts,
) => Promise<Screening | undefined>;

/** Screens on the calling thread, without a limit of time. */
export const screenHere =
  (deps: ScreenDeps = {}): Screener =>
  async (_, action, context, policy, of) =>
    screenAction(action, context, policy, undefined, { ...deps, ...of });

const ENDED = {
  id: 'payload_not_fully_judged',
  severity: 'high',
  message: 'The screening of this payload took too much time or memory and was ended: nothing of it was judged.',
} as const;

/** The verdict on a payload whose screening was ended, under every policy: held, or blocked where the route blocks what was not judged. */
export const heldUnjudged = (policy: Policy, { service, action }: Pick<Action, 'service' | 'action'>): Screening => ({
  ...(blocks(routeOf(policy, service, action), ENDED.id)
    ? { verdict: 'block' as const }
    : { verdict: 'hold' as const, held_by: 'finding' as const }),
  findings: [findingOf(ENDED, '', '')],
});
