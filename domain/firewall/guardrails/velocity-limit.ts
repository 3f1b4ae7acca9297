import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { type PastAction, pastOf, pastWithin, type ScreenStats } from '../history/stats.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { GuardrailDefinition } from './definition.ts';
import { isSameAction, isSameName, withHistory } from './with-history.ts';

type VelocityLimitRule = RuleOf<'velocity_limit'>;

const template = templatesOf('velocity_limit');
const windowOf = ({ window_s }: VelocityLimitRule): number => window_s * 1_000;

/** At most so many calls in a window. */
const create = (rule: VelocityLimitRule): Guardrail =>
  withHistory('velocity_limit', (action, stats) => {
    const { key = 'action', max, window_s } = rule;
    const counts = countedBy(key, action, stats);
    const count = pastWithin(stats, windowOf(rule)).filter(counts).length;
    if (count < max) return [];
    const tooMany = template('too_many', 'medium', `More than ${max} calls in ${window_s} seconds.`);
    return [findingOf(tooMany, '', `${count} in ${window_s} s, by ${key}`)];
  });

/** Which earlier calls count together with this one. */
function countedBy(
  key: NonNullable<VelocityLimitRule['key']>,
  action: ParsedAction,
  stats: ScreenStats,
): (one: PastAction) => boolean {
  switch (key) {
    case 'project':
      return () => true;
    case 'service':
      return (one) => isSameName(one.service, action.service);
    case 'action':
      return (one) => isSameAction(one, action);
    case 'agent':
      return (one) => one.agent === stats.agent;
    case 'target': {
      const own = new Set(pastOf(action, stats.now_ms).targets);
      return (one) => one.targets.some((target) => own.has(target));
    }
    default:
      return key satisfies never;
  }
}

export const velocityLimit: GuardrailDefinition<'velocity_limit'> = {
  kind: 'velocity_limit',
  builtIn: false,
  loosens: { key: ['any_change', 'action'], max: 'most', window_s: 'least' },
  historyWindow: windowOf,
  create,
};
