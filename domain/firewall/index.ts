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
export { policyProblems } from './configured.ts';
export { isHolding } from './finding.ts';
export type { Guardrail, GuardrailContext, JudgedAction } from './guardrail.ts';
export type { ScreenHost } from './host.ts';
export type { Known } from './known.ts';
export { newFindings } from './new-findings.ts';
export { PACK_RULES } from './packs.ts';
export type { Parsers, ShellNode, ShellParser } from './parsers.ts';
export { pastAction } from './past.ts';
export { DEFAULT_POLICY, type Route, routeOf } from './policy.ts';
export { type Dialled, type Resolve, screenResolved } from './resolved.ts';
export { GUARDRAILS, screenAction } from './screen.ts';
export { contextIn, NEW_SESSION, type Session, sessionAfter } from './session.ts';
export type { PastAction, ScreenStats } from './stats.ts';
export type {
  AddressValue,
  DomainValue,
  EmailValue,
  PrincipalChange,
  TextValue,
  TypedValue,
  UrlValue,
} from './typed-values.ts';
