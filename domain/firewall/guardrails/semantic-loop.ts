import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { pastOf, similarity } from '../history/stats.ts';
import type { GuardrailDefinition } from './definition.ts';
import { isSameAction, withHistory } from './with-history.ts';

type SemanticLoopRule = RuleOf<'semantic_loop'>;

/** Its own window counts calls, of which there may be few: it reads those of one day. */
const HISTORY_MS = 24 * 3_600_000;
const DEFAULT_THRESHOLD = 0.9;
const DEFAULT_REPEATS = 5;
const DEFAULT_CALLS = 20;
const SIMILAR = templatesOf('semantic_loop')(
  'similar',
  'medium',
  'The agent makes nearly the same call over and over: it may be caught in a loop.',
);

/** Calls with nearly the same texts: they share most of their three-word runs. */
const create = (rule: SemanticLoopRule): Guardrail =>
  withHistory('semantic_loop', (action, stats) => {
    const { shingles } = pastOf(action, stats.now_ms);
    const alike = stats.past
      .filter((one) => isSameAction(one, action))
      .slice(-(rule.window ?? DEFAULT_CALLS))
      .filter((one) => similarity(one.shingles, shingles) >= (rule.threshold ?? DEFAULT_THRESHOLD)).length;
    return alike >= (rule.max_repeats ?? DEFAULT_REPEATS) ? [findingOf(SIMILAR, '', `${alike} similar calls`)] : [];
  });

export const semanticLoop: GuardrailDefinition<'semantic_loop'> = {
  kind: 'semantic_loop',
  builtIn: false,
  loosens: {
    threshold: ['most', DEFAULT_THRESHOLD],
    max_repeats: ['most', DEFAULT_REPEATS],
    window: ['least', DEFAULT_CALLS],
  },
  historyWindow: () => HISTORY_MS,
  create,
};
