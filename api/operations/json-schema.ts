import { isObject } from '../../contracts/is-object.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { SchemaCompiler } from '../../domain/json/schema.ts';

/** Why the JSON Schema of a request is not used; undefined if it is. The attacker may have written it. */
export function schemaProblem(compile: SchemaCompiler, schema: unknown): string | undefined {
  if (!isObject(schema)) return 'The schema is not a JSON object.';
  try {
    compile(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message.slice(0, 200);
  }
}

/** Where a patched payload violates the schema of its request: JSON Pointers from the root of the decision's body. */
export const schemaErrors = (
  compile: SchemaCompiler,
  schema: unknown,
  payload: JsonObject,
): { pointer: string; detail: string }[] =>
  isObject(schema)
    ? compile(schema)(payload).map(({ pointer, reason }) => ({ pointer: `/patched_payload${pointer}`, detail: reason }))
    : [];
