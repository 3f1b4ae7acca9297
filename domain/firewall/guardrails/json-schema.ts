import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { type Parsers, requiredParser } from '../parsing/parsers.ts';
import { plainPayload } from '../parsing/plain-payload.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const MISMATCH = templatesOf('json_schema')(
  'mismatch',
  'medium',
  'This payload does not have the form that the policy requires.',
);

/** The grammar of an action: what its payload must look like. */
function create(rule: RuleOf<'json_schema'>, parsers: Parsers): Guardrail {
  const validate = requiredParser(parsers, 'schema')(rule.schema);
  return {
    id: 'json_schema',
    check(action) {
      const plain = plainPayload(action.payload);
      const [violation] = [...validate(action.payload), ...(plain ? validate(plain) : [])];
      return violation ? [findingOf(MISMATCH, violation.pointer, violation.reason)] : [];
    },
  };
}

export const jsonSchema: GuardrailDefinition<'json_schema'> = {
  kind: 'json_schema',
  builtIn: false,
  loosens: { schema: 'any_change' },
  historyWindow: noHistory,
  create,
  compiles: 'schema',
};
