import { parentPort } from 'node:worker_threads';
import { type Schema, Validator } from '@cfworker/json-schema';
import { schemaRefusal } from '../../domain/json/schema-gate.ts';
import { type Job, type JobAnswer, READY } from './job.ts';

/**
 * The program of a thread that may be ended at any moment, and keeps nothing. Text in, text out: no object of a stranger is copied by the
 * main thread. The schema is interpreted, because code made from a stranger's text is a class of faults. Patterns run in V8, with
 * lookaheads: ending the thread stops them too.
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

function answerTo({ id, schema: text, value }: Job): JobAnswer {
  const refusal = schemaRefusal(text);
  if (refusal !== undefined) return { id, refusal };
  if (value === undefined) return { id, violations: [] };
  try {
    const { $id: _, ...schema } = JSON.parse(text) as Schema;
    const { valid, errors } = new Validator(schema, draftOf(schema), true).validate(JSON.parse(value));
    if (valid) return { id, violations: [] };
    const innermost = errors.filter(({ keyword }) => !APPLIES_OTHERS.has(keyword));
    const violations = (innermost.length > 0 ? innermost : errors)
      .slice(0, MAX_VIOLATIONS)
      .map(({ instanceLocation, error }) => ({
        pointer: instanceLocation.slice(1, MAX_POINTER),
        reason: error.slice(0, MAX_REASON),
      }));
    return { id, violations };
  } catch {
    return { id, refusal: 'The schema cannot be applied.' };
  }
}

parentPort?.on('message', (job: Job) => parentPort?.postMessage(answerTo(job)));
parentPort?.postMessage(READY);
