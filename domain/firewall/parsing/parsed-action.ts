import type { Action, ActionContext } from '../../../contracts/action.ts';
import type { ArgumentRole } from '../../../contracts/guardrails.ts';
import type { Policy } from '../../../contracts/policy.ts';
import { withoutLpMeta } from '../../lp-meta.ts';
import type { GuardrailContext, ParsedAction } from '../guardrail.ts';
import { knownOf } from '../policy/known.ts';
import { appliesTo } from '../policy/policy.ts';
import type { ScreenDeps } from '../screen-deps.ts';
import { wordsOf } from '../text/tokenizer.ts';
import { type Walked, walk } from './normalised-input.ts';
import { NO_PARSERS } from './parsers.ts';
import { typedValuesOf } from './typed-values.ts';

/** Reads an action to the ground: every value typed, and what was left unread. */
export function parseAction(
  action: Action,
  policy: Policy,
): { judged: ParsedAction; unread: Walked['unread']; complete: boolean } {
  const payload = withoutLpMeta(action.payload);
  const { leaves, unread } = walk(payload);
  const { values, complete } = typedValuesOf(leaves);
  const { service, action: name } = action;
  const words = { service: wordsOf(service), action: wordsOf(name) };
  return {
    judged: { service, action: name, words, payload, leaves, values, roleAt: rolesOf(policy, service, name) },
    unread,
    complete,
  };
}

const NO_ROLE = (): undefined => undefined;

function rolesOf(policy: Policy, service: string, action: string): ParsedAction['roleAt'] {
  const matching = policy.arguments?.filter((one) => appliesTo([one], service, action));
  if (matching === undefined || matching.length === 0) return NO_ROLE;
  const roles = new Map<string, ArgumentRole>();
  for (const one of matching) {
    for (const [pointer, role] of Object.entries(one.roles)) if (!roles.has(pointer)) roles.set(pointer, role);
  }
  return (pointer) => {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const role = roles.get(at) ?? roles.get(at.replace(/\/\d+(?=\/|$)/g, '/*'));
      if (role) return role;
    }
    return undefined;
  };
}

/** What the guardrails may know beside the action. */
export function contextOf(context: ActionContext, policy: Policy, host: ScreenDeps): GuardrailContext {
  const known = knownOf(policy, context);
  return {
    untrusted: context.untrusted ?? false,
    undeclared: context.untrusted === undefined && policy.undeclared !== 'lenient',
    private: context.private ?? false,
    allowed_domains: known.domains,
    known,
    declared: context,
    parsers: host.parsers ?? NO_PARSERS,
    stats: host.stats,
  };
}
