import type { GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Parsers } from '../firewall/parsers.ts';

/** Something that no schema can say of a policy: a pattern, an expression or a JSON Schema that does not compile. */
export interface RuleProblem {
  path: (string | number)[];
  message: string;
}

/** Compiles what a policy's guardrails are made of, with the parsers that will run it; what has no parser here is not compiled. */
export function ruleProblems({ guardrails = [] }: Policy, parsers: Parsers): RuleProblem[] {
  return guardrails.flatMap((rule, index) =>
    [...partsOf(rule, parsers)].flatMap(({ path, compile }) => {
      try {
        compile();
        return [];
      } catch (error) {
        return [{ path: ['guardrails', index, ...path], message: (error as Error).message.slice(0, 500) }];
      }
    }),
  );
}

interface Part {
  path: (string | number)[];
  compile: () => unknown;
}

function* partsOf(rule: GuardrailRule, { pattern, expression, schema }: Parsers): Generator<Part> {
  switch (rule.kind) {
    case 'pattern_scanner':
      if ((rule.pattern === undefined) === (rule.values === undefined))
        yield part([], () => fail('needs a pattern or values, one of the two'));
      if (rule.pattern !== undefined && pattern) {
        const { pattern: text, case: letters } = rule;
        yield part(['pattern'], () => pattern(text, letters === 'ignore'));
      }
      return;
    case 'secret_scanner':
      if (pattern)
        for (const [index, text] of (rule.extra_patterns ?? []).entries())
          yield part(['extra_patterns', index], () => pattern(text, false));
      return;
    case 'expression':
      if (expression) yield part(['cel'], () => expression(rule.cel));
      return;
    case 'json_schema':
      if (schema) yield part(['schema'], () => schema(rule.schema));
      return;
    default:
  }
}

const part = (path: (string | number)[], compile: () => unknown): Part => ({ path, compile });

function fail(message: string): never {
  throw new Error(message);
}
