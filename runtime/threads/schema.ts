import { type Schema, Validator } from '@cfworker/json-schema';
import { schemaRefusal } from '../../domain/json/schema-gate.ts';
import type { SchemaAnswer } from './agent-schemas.ts';
import { answerJobs } from './answer-jobs.ts';

/**
 * The program that applies schemas of agents. The schema is interpreted, because code made from a stranger's text is a class of faults.
 * Patterns run in V8, with lookaheads: ending the thread stops them too.
 */
const MAX_VIOLATIONS = 20;
const MAX_REASON = 200;
const MAX_POINTER = 1_000;

/** Their errors say only that a part does not match. */
const APPLIES_OTHERS = new Set([
  ...['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'propertyNames'],
  ...['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'dependentSchemas'],
  ...['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'],
]);

const draftOf = (schema: Schema) => (/2019-09|2020-12/.test(String(schema.$schema ?? '')) ? '2020-12' : '7');

/** Without a value: only whether the schema is served. */
function answerTo(text = '', value?: string): SchemaAnswer {
  const refusal = schemaRefusal(text);
  if (refusal !== undefined) return { refusal };
  if (value === undefined) return { violations: [] };
  try {
    const { $id: _, ...schema } = JSON.parse(text) as Schema;
    const { valid, errors } = new Validator(schema, draftOf(schema), true).validate(JSON.parse(value));
    if (valid) return { violations: [] };
    const innermost = errors.filter(({ keyword }) => !APPLIES_OTHERS.has(keyword));
    const violations = (innermost.length > 0 ? innermost : errors)
      .slice(0, MAX_VIOLATIONS)
      .map(({ instanceLocation, error }) => ({
        pointer: instanceLocation.slice(1, MAX_POINTER),
        reason: error.slice(0, MAX_REASON),
      }));
    return { violations };
  } catch {
    return { refusal: 'The schema cannot be applied.' };
  }
}

answerJobs((schema, value) => JSON.stringify(answerTo(schema, value)));
