import type { GuardrailKind, GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import { FINDING_NAMES, SCREENING_FINDINGS } from './finding-names.ts';
import { BUILT_IN, definitionOf, isGuardrailKind } from './guardrails/definitions.ts';
import type { Parsers } from './parsing/parsers.ts';
import { rulesOf } from './policy/rule-sets.ts';

export interface PolicyProblem {
  pointer: string;
  reason: string;
}

/** What is wrong with the rules of a policy, each with its place. A policy is saved only without any. */
export function policyProblems(policy: Policy, parsers: Parsers): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const ids = new Map<string, number>();
  problems.push(...blockProblems(policy));
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

/** An operator's block that never blocks: a misspelt name, or one that no guardrail of this policy reports. */
function* blockProblems(policy: Policy): Generator<PolicyProblem> {
  const kinds = new Map<string, GuardrailKind>(BUILT_IN.map(({ id }) => [id, id as GuardrailKind]));
  for (const { id, kind } of rulesOf(policy)) kinds.set(id ?? kind, kind);
  for (const [at, route] of policy.routes.entries())
    for (const [index, name] of (route.block ?? []).entries()) {
      const reason = blockProblem(name, kinds);
      if (reason !== undefined) yield { pointer: `/routes/${at}/block/${index}`, reason };
    }
}

function blockProblem(name: string, kinds: ReadonlyMap<string, GuardrailKind>): string | undefined {
  if ((SCREENING_FINDINGS as readonly string[]).includes(name)) return undefined;
  const [guardrail = '', ...rest] = name.split('/');
  const kind = kinds.get(guardrail);
  if (kind === undefined)
    return `No guardrail of this policy reports ${JSON.stringify(guardrail)}, so this would block nothing. Known: ${[...kinds.keys(), ...SCREENING_FINDINGS].join(', ')}.`;
  const finding = rest.join('/');
  const names: readonly string[] = FINDING_NAMES[kind];
  return rest.length === 0 || names.includes(finding)
    ? undefined
    : `${guardrail} has no finding ${JSON.stringify(finding)}, so this would block nothing. Known: ${names.join(', ')}.`;
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
