import type { Action, ActionContext } from '../../../contracts/action.ts';
import type { Policy } from '../../../contracts/policy.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import type { ScreenStats } from '../../../domain/firewall/history/stats.ts';
import { DEFAULT_POLICY } from '../../../domain/firewall/policy/policy.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { loadParsers } from '../../../runtime/parsers.ts';

export const reviewFlagged = (more: Partial<Policy> = {}): Policy => ({
  ...DEFAULT_POLICY,
  default_routing: 'review_flagged',
  ...more,
});

export const parsers = await loadParsers();

export const screenPayload = (
  payload: Record<string, unknown>,
  policy = reviewFlagged(),
  context: ActionContext = {},
) =>
  screenAction({ service: 'agent', action: 'do', payload }, context, policy, undefined, {
    parsers,
    context_trust: 'full',
  });

/** Under a context of `full` trust: the findings of a named action as `id pointer`, the worst first. */
export const foundIn = (
  action: Action,
  context: ActionContext = {},
  policy = reviewFlagged(),
  stats?: ScreenStats,
): string[] =>
  screenAction(action, context, policy, undefined, {
    parsers,
    context_trust: 'full',
    ...(stats && { stats }),
  }).findings.map((finding) => `${finding.id} ${finding.pointer}`);

/** The findings as `id pointer`, the worst first. */
export const found = (payload: Record<string, unknown>, policy = reviewFlagged()): string[] =>
  screenPayload(payload, policy).findings.map((finding: Finding) => `${finding.id} ${finding.pointer}`);
