import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { pastOf, pastWithin } from '../history/stats.ts';
import type { GuardrailDefinition } from './definition.ts';
import { isSameAction, withHistory } from './with-history.ts';

type LoopBreakerRule = RuleOf<'loop_breaker'>;

const DEFAULT_REPEATS = 20;
const DEFAULT_WINDOW_S = 60;
const REPEATED = templatesOf('loop_breaker')(
  'repeated',
  'medium',
  'The agent repeats one call over and over: it may be caught in a loop.',
);
const windowOf = ({ window_s = DEFAULT_WINDOW_S }: LoopBreakerRule): number => window_s * 1_000;

/** The same call, over and over. */
const create = (rule: LoopBreakerRule): Guardrail =>
  withHistory('loop_breaker', (action, stats) => {
    const { exact, shape } = pastOf(action, stats.now_ms);
    const count = pastWithin(stats, windowOf(rule)).filter(
      (one) => isSameAction(one, action) && (rule.match === 'skeleton' ? one.shape === shape : one.exact === exact),
    ).length;
    return count >= (rule.max_repeats ?? DEFAULT_REPEATS) ? [findingOf(REPEATED, '', `${count} times`)] : [];
  });

export const loopBreaker: GuardrailDefinition<'loop_breaker'> = {
  kind: 'loop_breaker',
  builtIn: false,
  loosens: {
    match: ['any_change', 'exact'],
    max_repeats: ['most', DEFAULT_REPEATS],
    window_s: ['least', DEFAULT_WINDOW_S],
  },
  historyWindow: windowOf,
  create,
};
