import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import type { PastAction, ScreenStats } from '../history/stats.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { comparable } from '../policy/policy.ts';

/** The kinds that count. */
type Counting = 'velocity_limit' | 'loop_breaker' | 'semantic_loop' | 'money' | 'cost_guard';

/** A guardrail that counts earlier calls. Without them the limit cannot be enforced, so the call is held. */
export const withHistory = (
  id: Counting,
  judge: (action: ParsedAction, stats: ScreenStats) => Finding[],
): Guardrail => ({
  id,
  check: (action, { stats }) => (stats ? judge(action, stats) : [noHistoryFinding(id)]),
});

export const noHistoryFinding = (kind: Counting): Finding =>
  findingOf(
    templatesOf(kind)('no_history', 'medium', 'The earlier calls are not known, so this limit cannot be enforced.'),
    '',
    '',
  );

/** Names are compared as rules compare them: another spelling of a name must not start another count. */
export const isSameAction = (one: PastAction, { service, action }: { service: string; action: string }): boolean =>
  isSameName(one.service, service) && isSameName(one.action, action);

export const isSameName = (one: string, other: string): boolean =>
  one === other || comparable(one) === comparable(other);
