import type { ActionContext } from '../../contracts/action.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { GuardrailContext } from './guardrail.ts';
import { knownOf } from './outbound/known.ts';
import { NO_PARSERS } from './parsing/parsers.ts';
import type { ScreenDeps } from './screen-deps.ts';

/** What the guardrails know in addition to the action. */
export function contextOf(context: ActionContext, policy: Policy, deps: ScreenDeps): GuardrailContext {
  const known = knownOf(policy, context);
  return {
    untrusted: context.untrusted ?? false,
    undeclared: context.untrusted === undefined && policy.undeclared !== 'lenient',
    private: context.private ?? false,
    allowed_domains: known.domains,
    known,
    declared: context,
    parsers: deps.parsers ?? NO_PARSERS,
    stats: deps.stats,
  };
}
