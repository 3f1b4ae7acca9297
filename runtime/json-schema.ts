import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { SchemaCheck, SchemaCompiler } from '../domain/json/schema.ts';
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

const OPTIONS: Options = { allErrors: false, logger: false, code: { regExp: regExp as never } };

function compiled(ajv: Ajv | Ajv2020, schema: object): SchemaCheck {
  const text = JSON.stringify(schema);
  if (text.length > MAX_BYTES) throw new Error('The schema is larger than 64 KB.');
  if (/"\$(?:ref|dynamicRef)":"(?!#)/.test(text)) throw new Error('The schema refers to another document.');
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    return errors.map(({ instancePath, message }) => ({
      pointer: instancePath,
      reason: message ?? 'does not satisfy the schema',
    }));
  };
}

/** Draft 2020-12, for the schemas of a policy. Strict: an unknown keyword is refused. */
export const compileDraft2020: SchemaCompiler = (schema) => compiled(new Ajv2020({ ...OPTIONS, strict: true }), schema);

/** Draft-07 with formats, for the schemas that agents send. Unknown keywords are ignored. */
export const compileDraft07: SchemaCompiler = (schema) => {
  const ajv = new Ajv({ ...OPTIONS, strict: false, validateFormats: true });
  (addFormats as unknown as (a: Ajv) => void)(ajv);
  return compiled(ajv, schema);
};
