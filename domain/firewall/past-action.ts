import type { Action } from '../../contracts/action.ts';
import type { Policy } from '../../contracts/policy.ts';
import { definitionOf } from './guardrails/definitions.ts';
import { type PastAction, pastOf } from './history/stats.ts';
import { parseAction } from './parsing/parse-action.ts';
import { rolesOf } from './policy/argument-roles.ts';
import { DEFAULT_POLICY } from './policy/policy.ts';
import { rulesOf } from './policy/rule-sets.ts';

/**
 * What a host keeps of a call for the guardrails that count (`ScreenStats.past`): digests and numbers, no payload. The policy names the
 * amounts whose keys do not show it.
 *
 * @example
 * const stats = { now_ms: Date.now(), agent, past: await calls.of(project) };
 * const screening = screenAction(action, context, policy, undefined, { parsers, stats });
 * await calls.keep(pastAction(action, stats.now_ms, agent, policy));
 */
export function pastAction(
  action: Action,
  at_ms: number,
  agent?: string,
  policy: Pick<Policy, 'guardrails' | 'packs' | 'arguments'> = DEFAULT_POLICY,
): PastAction {
  const { parsed } = parseAction(action, rolesOf(policy, action.service, action.action));
  const pointers = rulesOf(policy).flatMap((rule) => definitionOf(rule).amountPointer?.(rule) ?? []);
  return pastOf(parsed, at_ms, agent, [...new Set(pointers)]);
}
