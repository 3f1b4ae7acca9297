import type { JsonObject } from '../../contracts/json.ts';

/** A question's value as a request's payload: JSON, and an object; anything else stands under `value`. */
export function jsonObject(value: unknown): JsonObject {
  const json: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : { value: json };
}
