/**
 * The firewall: deterministic checks over an agent's tool call, as pure functions that run in any JavaScript.
 *
 * @module
 * @example
 * import { DEFAULT_POLICY, screenAction } from 'letsping-temporal/firewall';
 *
 * const action = { service: 'crm', action: 'send_report', payload: { permissions: ['*:*'] } };
 * const { verdict, findings } = screenAction(action, {}, { ...DEFAULT_POLICY, default_routing: 'review_flagged' });
 * // verdict: 'hold'; findings[0]: { id: 'privilege/wildcard', pointer: '/permissions/0', severity: 'high', … }
 */

export { isHolding } from './finding.ts';
export type { Guardrail, GuardrailContext } from './guardrail.ts';
export { contextIn, NEW_SESSION, type Session, sessionAfter } from './history/session.ts';
export type { PastAction, ScreenStats } from './history/stats.ts';
export { newFindings } from './new-findings.ts';
export type { Known } from './outbound/known.ts';
export type { ParsedAction } from './parsing/parsed-action.ts';
export type { Parsers, ShellNode, ShellParser } from './parsing/parsers.ts';
export type {
  AddressValue,
  DomainValue,
  EmailValue,
  PrincipalChange,
  TextValue,
  TypedValue,
  UrlValue,
} from './parsing/typed-values.ts';
export { pastAction } from './past-action.ts';
export { type ActionRoute, DEFAULT_POLICY, routeOf } from './policy/policy.ts';
export { RULE_SETS } from './policy/rule-sets.ts';
export { policyProblems } from './policy-problems.ts';
export { type Dialled, type Resolve, screenResolved } from './resolved.ts';
export { GUARDRAILS, screenAction } from './screen.ts';
export type { ScreenDeps } from './screen-deps.ts';
