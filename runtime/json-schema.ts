import type { Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { SchemaCompiler } from '../domain/json/schema.ts';
import { compilePattern } from './re2.ts';

const MAX_BYTES = 64 * 1024;

/**
 * ajv keys the compiled patterns of a schema by `toString()`. Without one of its own, all patterns would share a key,
 * and each would be checked by the first.
 */
const regExp = Object.assign(
  (source: string) => ({ test: compilePattern(source, false), toString: () => `re2:${source}` }),
  { code: 're2' },
);

const OPTIONS: Options = { allErrors: false, logger: false, strict: true, code: { regExp: regExp as never } };

/** Draft 2020-12, for the schemas of a policy. An unknown keyword is refused. Schemas of agents: `schemas/threads.ts`. */
export const compileDraft2020: SchemaCompiler = (schema) => {
  const text = JSON.stringify(schema);
  if (text.length > MAX_BYTES) throw new Error('The schema is larger than 64 KB.');
  if (/"\$(?:ref|dynamicRef)":"(?!#)/.test(text)) throw new Error('The schema refers to another document.');
  const validate = new Ajv2020(OPTIONS).compile(schema);
  return (value) => {
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    return errors.map(({ instancePath, message }) => ({
      pointer: instancePath,
      reason: message ?? 'does not satisfy the schema',
    }));
  };
};
