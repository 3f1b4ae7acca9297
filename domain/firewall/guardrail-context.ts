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

/** A context that knows whether something of the call's own context was read from it. */
export interface Observed {
  readonly context: GuardrailContext;
  /** Since the last call. */
  takeRead(): boolean;
}

export function observed(around: GuardrailContext): Observed {
  let wasRead = false;
  const read = <T>(value: T): T => {
    wasRead = true;
    return value;
  };
  return {
    context: {
      parsers: around.parsers,
      stats: around.stats,
      get untrusted() {
        return read(around.untrusted);
      },
      get undeclared() {
        return read(around.undeclared);
      },
      get private() {
        return read(around.private);
      },
      get allowed_domains() {
        return read(around.allowed_domains);
      },
      get known() {
        return read(around.known);
      },
      get declared() {
        return read(around.declared);
      },
    },
    takeRead() {
      const was = wasRead;
      wasRead = false;
      return was;
    },
  };
}
