import type { PermitRules, Policy, PolicyRoute, Routing } from '../../../contracts/policy.ts';
import { visible } from '../text/confusables.ts';

/** The policy of a project without one: everything is held for a person. */
export const DEFAULT_POLICY: Policy = {
  default_routing: 'review_all',
  routes: [],
  allowed_domains: [],
  accept_unsigned_signals: false,
  resume_task_queue: 'letsping-agents',
};

/** What a policy decides for one service and action. */
export interface ActionRoute {
  routing: Routing;
  expires_in_ms?: number;
  /** Guardrail or finding ids that block instead of hold. */
  block?: readonly string[];
  /** What a claim of the permit is asked. */
  permit?: PermitRules;
}

/**
 * The route of an action: the first that matches both names, or the policy's default. Names are compared without case, without
 * invisible characters and in compatibility form, on both sides: `Ｃrm` matches the route of `crm`. Letters of other scripts are
 * not replaced, so a look-alike name gets the default: keep the default the strictest.
 */
export function routeOf(policy: Policy, service: string, action: string): ActionRoute {
  const route = policy.routes.find((one) => matches(one.service, service) && matches(one.action, action));
  const expires_in_ms = route?.expires_in_ms ?? policy.expires_in_ms;
  return {
    routing: route?.routing ?? policy.default_routing,
    ...(expires_in_ms !== undefined && { expires_in_ms }),
    ...blockOf(route),
    ...permitRulesOf(route?.permit ?? policy.permit),
  };
}

const blockOf = (route: PolicyRoute | undefined): Pick<ActionRoute, 'block'> =>
  route?.block ? { block: route.block } : {};

const permitRulesOf = (permit: PermitRules | undefined): Pick<ActionRoute, 'permit'> => (permit ? { permit } : {});

function matches(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  const wanted = comparable(pattern);
  if (wanted.startsWith('*')) {
    const part = wanted.slice(1);
    return part.endsWith('*') ? comparable(name).includes(part.slice(0, -1)) : comparable(name).endsWith(part);
  }
  return wanted.endsWith('*') ? comparable(name).startsWith(wanted.slice(0, -1)) : wanted === comparable(name);
}

/** Whether one of these pairs of names matches an action. Without a list every action matches. */
export const appliesTo = (
  pairs: readonly { service?: string | undefined; action?: string | undefined }[] | undefined,
  service: string,
  action: string,
): boolean =>
  pairs === undefined ||
  pairs.some((one) => matches(one.service ?? '*', service) && matches(one.action ?? '*', action));

/** The form in which names of services and actions are compared. */
export const comparable = (name: string): string => visible(name).trim().toLowerCase();

/** Whether a route blocks a finding: it lists the id of the finding, or that of its guardrail. */
export const blocks = (route: ActionRoute, finding_id: string): boolean =>
  route.block?.some((id) => finding_id === id || finding_id.startsWith(`${id}/`)) ?? false;
