import type { GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import { definitionOf, isGuardrailKind } from './guardrails/definitions.ts';
import type { Parsers } from './parsing/parsers.ts';

export interface PolicyProblem {
  pointer: string;
  reason: string;
}

/** What is wrong with the rules of a policy, each with its place. A policy is saved only without any. */
export function policyProblems(policy: Policy, parsers: Parsers): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const ids = new Map<string, number>();
  for (const [at, rule] of (policy.guardrails ?? []).entries()) {
    const pointer = `/guardrails/${at}`;
    if (rule.id !== undefined) {
      const other = ids.get(rule.id);
      if (other !== undefined)
        problems.push({ pointer: `${pointer}/id`, reason: `The guardrail at /guardrails/${other} has the same id.` });
      else if (isGuardrailKind(rule.id) && rule.id !== rule.kind)
        problems.push({ pointer: `${pointer}/id`, reason: `${rule.id} is the name of another kind.` });
      ids.set(rule.id, at);
    }
    const problem = problemOf(rule, pointer, parsers);
    if (problem) problems.push(problem);
  }
  return problems;
}

function problemOf(rule: GuardrailRule, pointer: string, parsers: Parsers): PolicyProblem | undefined {
  const definition = definitionOf(rule);
  const contradiction = definition.contradiction?.(rule);
  if (contradiction !== undefined) return { pointer, reason: contradiction };
  try {
    definition.create(rule, parsers);
    return undefined;
  } catch (error) {
    const { compiles } = definition;
    const reason = error instanceof Error ? error.message : String(error);
    return { pointer: compiles === undefined ? pointer : `${pointer}/${compiles}`, reason };
  }
}
