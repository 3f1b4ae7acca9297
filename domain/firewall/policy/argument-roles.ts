import type { ArgumentRole } from '../../../contracts/guardrails.ts';
import type { Policy } from '../../../contracts/policy.ts';
import { NO_ROLE, type RoleAt } from '../parsing/parsed-action.ts';
import { visible } from '../text/confusables.ts';
import { appliesTo } from './policy.ts';

/** The roles that a policy declares for the arguments of an action. */
export function rolesOf(policy: Pick<Policy, 'arguments'>, service: string, action: string): RoleAt {
  const matching = policy.arguments?.filter((one) => appliesTo([one], service, action));
  if (matching === undefined || matching.length === 0) return NO_ROLE;
  const roles = new Map<string, ArgumentRole>();
  for (const one of matching) {
    for (const [pointer, role] of Object.entries(one.roles)) if (!roles.has(pointer)) roles.set(pointer, role);
  }
  return (pointer) => {
    for (let at = visible(pointer); at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const role = roles.get(at) ?? roles.get(at.replace(/\/\d+(?=\/|$)/g, '/*'));
      if (role) return role;
    }
    return undefined;
  };
}
