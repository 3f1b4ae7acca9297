/** A consumer of the firewall: screens a call in process, with the parsers of Node. */
import {
  contextIn,
  DEFAULT_POLICY,
  GUARDRAILS,
  type Guardrail,
  isHolding,
  NEW_SESSION,
  newFindings,
  type Parsers,
  type PastAction,
  pastAction,
  policyProblems,
  type Resolve,
  RULE_SETS,
  routeOf,
  type ScreenDeps,
  type Session,
  screenAction,
  screenResolved,
  sessionAfter,
} from 'letsping-temporal/firewall';
import { loadParsers } from 'letsping-temporal/firewall/parsers';

const call = { service: 'db', action: 'sql', payload: { query: 'DROP TABLE users' } };

export async function screened() {
  const parsers: Parsers = await loadParsers();
  const deps: ScreenDeps = { parsers };
  const policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const };
  const { verdict, findings } = screenAction(call, {}, policy, GUARDRAILS, deps);
  return { verdict, ids: findings.filter(isHolding).map(({ id }) => id), problems: policyProblems(policy, parsers) };
}

export const names: readonly string[] = GUARDRAILS.map((guardrail: Guardrail) => guardrail.id);
export const ruleSets: string[] = Object.keys(RULE_SETS);
export const routing: string = routeOf(DEFAULT_POLICY, call.service, call.action).routing;
export const helpers = { contextIn, newFindings, pastAction, screenResolved, sessionAfter };
export const session: Session = NEW_SESSION;
export type History = PastAction[];
export type Lookup = Resolve;
