import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { JsonObject } from '../../contracts/json.ts';

/**
 * The requester's JSON Schema (draft-07), which a patch has to satisfy. It comes from an agent, so it is hostile until shown
 * otherwise: bounded, no remote references, and its patterns run in RE2 semantics (a pattern of 29 characters costs V8 19 s).
 */
const MAX_BYTES = 64 * 1024;

const re2 = Object.assign(
  (pattern: string) => ({ test: (text: string) => RE2JS.compile(pattern).matcher(text).find() }),
  { code: 're2' },
);

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({
    strict: false,
    allErrors: false,
    validateFormats: true,
    code: { regExp: re2 as never },
    logger: false,
  });
  (addFormats as unknown as (a: Ajv) => void)(ajv);
  return ajv.compile(schema);
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Why a schema that came along is not used; undefined when it is. */
export function schemaProblem(schema: unknown): string | undefined {
  if (!isObject(schema)) return 'it is no JSON object';
  const text = JSON.stringify(schema);
  if (text.length > MAX_BYTES) return `it is larger than ${MAX_BYTES} bytes`;
  if (/"\$ref":"(?!#)/.test(text)) return 'it refers to another document';
  try {
    compile(schema);
    return undefined;
  } catch {
    return 'it is no valid JSON Schema';
  }
}

/** Where a payload does not satisfy the schema: JSON Pointers from the body's root. */
export function schemaErrors(schema: unknown, payload: JsonObject): { pointer: string; detail: string }[] {
  if (!isObject(schema)) return [];
  const validate = compile(schema);
  if (validate(payload)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => ({
    pointer: `/patched_payload${instancePath}`,
    detail: message ?? 'does not satisfy the schema',
  }));
}
