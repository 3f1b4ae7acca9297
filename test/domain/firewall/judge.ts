import type { ActionContext } from '../../../contracts/action.ts';
import type { Policy } from '../../../contracts/policy.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { DEFAULT_POLICY } from '../../../domain/firewall/policy.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';

export const reviewFlagged = (more: Partial<Policy> = {}): Policy => ({
  ...DEFAULT_POLICY,
  default_routing: 'review_flagged',
  ...more,
});

export const judged = (payload: Record<string, unknown>, policy = reviewFlagged(), context: ActionContext = {}) =>
  screenAction({ service: 'agent', action: 'do', payload }, context, policy);

/** The findings as `id pointer`, the worst first. */
export const found = (payload: Record<string, unknown>, policy = reviewFlagged()): string[] =>
  judged(payload, policy).findings.map((finding: Finding) => `${finding.id} ${finding.pointer}`);
