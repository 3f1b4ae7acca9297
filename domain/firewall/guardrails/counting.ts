import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { findingOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { type PastAction, pastOf, type ScreenStats, similarity } from '../history/stats.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';

type Params<Kind extends 'velocity_limit' | 'loop_breaker' | 'semantic_loop'> = Omit<RuleOf<Kind>, 'kind'>;

const finding = (id: string, severity: Severity, evidence: string, message: string): Finding =>
  findingOf({ id, severity, message }, '', evidence);

/** Asks a question of earlier calls; without them the limit cannot be kept, so the call is held. */
export const withHistory = (
  kind: string,
  judge: (action: ParsedAction, stats: ScreenStats, context: GuardrailContext) => Finding[],
): Guardrail => ({
  id: kind,
  check: (action, context) =>
    context.stats
      ? judge(action, context.stats, context)
      : [
          finding(
            `${kind}/no_history`,
            'medium',
            '',
            'Nothing is known of earlier calls, so this limit cannot be kept.',
          ),
        ],
});

export const within = (past: readonly PastAction[], now_ms: number, window_s: number): PastAction[] =>
  past.filter((one) => one.at_ms > now_ms - window_s * 1_000 && one.at_ms <= now_ms);

const sameAction = (a: PastAction, b: { service: string; action: string }): boolean =>
  a.service === b.service && a.action === b.action;

/** At most so many calls in a window. */
export const velocityLimitOf = (rule: Params<'velocity_limit'>): Guardrail =>
  withHistory('velocity_limit', (action, stats) => {
    const key = rule.key ?? 'action';
    const own = key === 'target' ? new Set(pastOf(action, stats.now_ms).targets) : undefined;
    if (own?.size === 0) return [];
    const counts = (one: PastAction): boolean => {
      switch (key) {
        case 'project':
          return true;
        case 'service':
          return one.service === action.service;
        case 'action':
          return sameAction(one, action);
        case 'agent':
          return one.agent === stats.agent;
        case 'target':
          return one.targets.some((target) => own?.has(target));
      }
    };
    const count = within(stats.past, stats.now_ms, rule.window_s).filter(counts).length;
    return count >= rule.max
      ? [
          finding(
            'velocity_limit/too_many',
            'medium',
            `${count} in ${rule.window_s} s, by ${key}`,
            `More than ${rule.max} calls in ${rule.window_s} seconds.`,
          ),
        ]
      : [];
  });

/** The same call, over and over. */
export const loopBreakerOf = (rule: Params<'loop_breaker'> = {}): Guardrail =>
  withHistory('loop_breaker', (action, stats) => {
    const { exact, shape } = pastOf(action, stats.now_ms);
    const most = rule.max_repeats ?? 20;
    const count = within(stats.past, stats.now_ms, rule.window_s ?? 60).filter(
      (one) => sameAction(one, action) && (rule.match === 'skeleton' ? one.shape === shape : one.exact === exact),
    ).length;
    return count >= most
      ? [
          finding(
            'loop_breaker/repeated',
            'medium',
            `${count} times`,
            'The agent repeats one call over and over: it may be caught in a loop.',
          ),
        ]
      : [];
  });

/** Calls that say nearly the same: their texts share most of their three-word runs. */
export const semanticLoopOf = (rule: Params<'semantic_loop'> = {}): Guardrail =>
  withHistory('semantic_loop', (action, stats) => {
    const { shingles } = pastOf(action, stats.now_ms);
    const alike = stats.past
      .filter((one) => sameAction(one, action))
      .slice(-(rule.window ?? 20))
      .filter((one) => similarity(one.shingles, shingles) >= (rule.threshold ?? 0.9)).length;
    return alike >= (rule.max_repeats ?? 5)
      ? [
          finding(
            'semantic_loop/similar',
            'medium',
            `${alike} similar calls`,
            'The agent makes nearly the same call over and over: it may be caught in a loop.',
          ),
        ]
      : [];
  });
