import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import type { PastAction, ScreenStats } from '../history/stats.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { comparable } from '../policy/policy.ts';

/** A guardrail that counts earlier calls. Without them the limit cannot be enforced, so the call is held. */
export const withHistory = (id: string, judge: (action: ParsedAction, stats: ScreenStats) => Finding[]): Guardrail => ({
  id,
  check: (action, { stats }) => (stats ? judge(action, stats) : [noHistoryFinding(id)]),
});

export const noHistoryFinding = (guardrail_id: string): Finding =>
  findingOf(
    templatesOf(guardrail_id)(
      'no_history',
      'medium',
      'The earlier calls are not known, so this limit cannot be enforced.',
    ),
    '',
    '',
  );

/** Names are compared as rules compare them: another spelling of a name must not start another count. */
export const isSameAction = (one: PastAction, { service, action }: { service: string; action: string }): boolean =>
  isSameName(one.service, service) && isSameName(one.action, action);

export const isSameName = (one: string, other: string): boolean =>
  one === other || comparable(one) === comparable(other);
