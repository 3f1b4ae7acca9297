import type { JsonObject } from '../../contracts/json.ts';

/**
 * A question's value as a request's payload: JSON, and an object; anything else stands under `value`.
 *
 * @throws TypeError for what JSON cannot say: NaN would become null, and the approver would see another value than was meant.
 */
export function jsonObject(value: unknown): JsonObject {
  const finite = (_: string, member: unknown) => {
    if (typeof member === 'number' && !Number.isFinite(member))
      throw new TypeError('a question holds a number that JSON cannot say');
    return member;
  };
  const json: unknown = JSON.parse(JSON.stringify(value, finite) ?? 'null');
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : { value: json };
}
