import type { Policy } from '../../contracts/policy.ts';
import { isPublicMail } from '../firewall/hosts/host-names.ts';

/** Something in a valid policy that lets actions pass, or that does nothing. */
export interface PolicyWarning {
  path: (string | number)[];
  message: string;
}

/** What a reader of a policy should know before it counts. */
export function policyWarnings(policy: Policy): PolicyWarning[] {
  return [...routeWarnings(policy), ...knownWarnings(policy), ...guardrailWarnings(policy), ...switchWarnings(policy)];
}

function* routeWarnings({ default_routing, routes }: Policy): Generator<PolicyWarning> {
  if (default_routing === 'observe')
    yield {
      path: ['default_routing'],
      message: 'every action without a route of its own passes, whatever is found in it',
    };
  if (default_routing === 'review_flagged')
    yield {
      path: ['default_routing'],
      message: 'an action without a route of its own passes when nothing is found in it',
    };
  for (const [index, { service, action, routing, block }] of routes.entries()) {
    const path = ['routes', index];
    if (routing === 'observe')
      yield {
        path: [...path, 'routing'],
        message: `whatever is found in ${service}/${action} passes${block?.length ? ', unless it blocks' : ''}`,
      };
    const above = routes
      .slice(0, index)
      .findIndex((other) => covers(other.service, service) && covers(other.action, action));
    if (above >= 0) yield { path, message: `never reached: route ${above} above it meets the same actions first` };
  }
}

/** Names are compared without case; whatever else they are compared without, may be missed here. */
function covers(pattern: string, other: string): boolean {
  const [wide, narrow] = [pattern.trim().toLowerCase(), other.trim().toLowerCase()];
  return wide.endsWith('*') ? narrow.startsWith(wide.slice(0, -1)) : wide === narrow;
}

function* knownWarnings({ allowed_domains }: Policy): Generator<PolicyWarning> {
  for (const [index, entry] of allowed_domains.entries()) {
    const name = entry
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, '')
      .replace(/^@/, '');
    if (!name.includes('@') && isPublicMail(name))
      yield {
        path: ['allowed_domains', index],
        message: 'a public mail provider: nobody is allowed by it; name whole addresses',
      };
    if (name === '*' || name === '')
      yield { path: ['allowed_domains', index], message: 'this names no domain; it allows nothing' };
  }
}

function* guardrailWarnings({ guardrails = [] }: Policy): Generator<PolicyWarning> {
  for (const [index, rule] of guardrails.entries()) {
    const path = ['guardrails', index];
    if (rule.enabled === false)
      yield { path: [...path, 'enabled'], message: `${rule.kind} judges nothing where this applies` };
    if (rule.severity === 'low')
      yield { path: [...path, 'severity'], message: `what ${rule.kind} finds is recorded, and passes` };
    for (const name of ['allow_private', 'allow_delete', 'allow_world_open'])
      if ((rule as Record<string, unknown>)[name] === true)
        yield { path: [...path, name], message: 'lets pass what is held by default' };
  }
}

function* switchWarnings({ undeclared, widening_patches, accept_unsigned_signals }: Policy): Generator<PolicyWarning> {
  if (undeclared === 'lenient')
    yield {
      path: ['undeclared'],
      message: 'an action that says nothing of third-party text is judged as if none had been read',
    };
  if (widening_patches === 'second_approver')
    yield {
      path: ['widening_patches'],
      message: 'a patch with a finding that the original had not runs, when a second person approves it',
    };
  if (accept_unsigned_signals)
    yield { path: ['accept_unsigned_signals'], message: 'whoever may write to the Temporal namespace may decide' };
}
