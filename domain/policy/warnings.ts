import type { GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import { isPublicMail } from '../firewall/hosts/host-names.ts';
import { minorDigitsOf } from '../firewall/money/currencies.ts';

/** Something in a valid policy that allows actions, or that has no effect. */
export interface PolicyWarning {
  path: (string | number)[];
  message: string;
}

/** What a reader of a policy should know before it is applied. */
export function policyWarnings(policy: Policy): PolicyWarning[] {
  return [...routeWarnings(policy), ...knownWarnings(policy), ...guardrailWarnings(policy), ...switchWarnings(policy)];
}

function* routeWarnings({ default_routing, routes }: Policy): Generator<PolicyWarning> {
  if (default_routing === 'observe')
    yield {
      path: ['default_routing'],
      message: 'every action without its own route is allowed, even with findings',
    };
  if (default_routing === 'review_flagged')
    yield {
      path: ['default_routing'],
      message: 'an action without its own route is allowed when nothing is found in it',
    };
  for (const [index, { service, action, routing, block }] of routes.entries()) {
    const path = ['routes', index];
    if (routing === 'observe')
      yield {
        path: [...path, 'routing'],
        message: `${service}/${action} is allowed even with findings${block?.length ? ', unless they block' : ''}`,
      };
    const above = routes
      .slice(0, index)
      .findIndex((other) => covers(other.service, service) && covers(other.action, action));
    if (above >= 0) yield { path, message: `never reached: route ${above} matches the same actions first` };
  }
}

/** Names are compared without case. Other spellings of one name are not recognised here. */
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
        message: 'a public mail provider: it allows no address; name whole addresses',
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
      yield {
        path: [...path, 'severity'],
        message: `findings of ${rule.kind} are recorded, and the action is allowed`,
      };
    for (const name of ['allow_private', 'allow_delete', 'allow_world_open'])
      if ((rule as Record<string, unknown>)[name] === true)
        yield { path: [...path, name], message: 'allows what is held by default' };
    for (const { path: place, message } of currencyWarnings(rule)) yield { path: [...path, ...place], message };
  }
}

/** A limit in minor units means another sum in each currency. */
function* currencyWarnings(rule: GuardrailRule): Generator<PolicyWarning> {
  if (rule.kind !== 'money' && rule.kind !== 'cost_guard') return;
  const currencies = rule.kind === 'money' ? rule.currencies : rule.currency && [rule.currency];
  for (const name of ['per_call', 'per_window'] as const)
    if (rule[name] !== undefined && !currencies)
      yield {
        path: [name],
        message: 'counts in minor units of each currency: 1000 is 10.00 EUR, 1000 JPY and 1.000 KWD',
      };
  const member = rule.kind === 'money' ? 'currencies' : 'currency';
  for (const code of currencies || [])
    if (minorDigitsOf(code) === undefined)
      yield { path: [member], message: `${code} is not an active ISO 4217 code: its amounts are always held` };
}

function* switchWarnings({ undeclared, widening_patches, accept_unsigned_signals }: Policy): Generator<PolicyWarning> {
  if (undeclared === 'lenient')
    yield {
      path: ['undeclared'],
      message: 'an action that does not declare third-party text is judged as if none had been read',
    };
  if (widening_patches === 'second_approver')
    yield {
      path: ['widening_patches'],
      message: 'a patch with a finding that the original did not have runs when a second person approves it',
    };
  if (accept_unsigned_signals)
    yield { path: ['accept_unsigned_signals'], message: 'everyone who can write to the Temporal namespace can decide' };
}
