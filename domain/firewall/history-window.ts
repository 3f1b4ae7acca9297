import type { Policy } from '../../contracts/policy.ts';
import { definitionOf } from './guardrails/definitions.ts';
import { rulesOf } from './policy/rule-sets.ts';

/** Of how many milliseconds before a call the earlier calls are needed: the longest window of its rules. Undefined when none counts. */
export function historyWindow(policy: Policy): number | undefined {
  const windows = rulesOf(policy)
    .filter(({ enabled }) => enabled !== false)
    .flatMap((rule) => definitionOf(rule).historyWindow(rule) ?? []);
  return windows.length === 0 ? undefined : Math.max(...windows);
}
