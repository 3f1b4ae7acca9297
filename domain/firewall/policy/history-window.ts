import type { GuardrailRule } from '../../../contracts/guardrails.ts';
import type { Policy } from '../../../contracts/policy.ts';
import { RULE_SETS } from './rule-sets.ts';

/** How far back a rule that names no window looks. */
const LOOP_S = 60;
const SEMANTIC_S = 24 * 60 * 60;

function windowOf(rule: GuardrailRule): number | undefined {
  if (rule.enabled === false) return undefined;
  switch (rule.kind) {
    case 'velocity_limit':
      return rule.window_s;
    case 'loop_breaker':
      return rule.window_s ?? LOOP_S;
    case 'semantic_loop':
      return SEMANTIC_S;
    case 'cost_guard':
      return rule.per_window === undefined ? undefined : (rule.window_s ?? SEMANTIC_S);
    default:
      return undefined;
  }
}

/** Of how many milliseconds before a call its earlier calls are needed; undefined when no rule of this policy counts. */
export function historyWindow(policy: Policy): number | undefined {
  const rules = [...(policy.guardrails ?? []), ...(policy.packs ?? []).flatMap((pack) => RULE_SETS[pack])];
  const windows = rules.flatMap((rule) => windowOf(rule) ?? []);
  return windows.length === 0 ? undefined : Math.max(...windows) * 1_000;
}
