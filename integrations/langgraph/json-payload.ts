import { isObject } from '../../contracts/is-object.ts';
import type { JsonObject } from '../../contracts/json.ts';

/**
 * An interrupt's value as the payload of a request: a JSON object. Any other value becomes `{ value }`.
 *
 * @throws TypeError for NaN and infinities: JSON turns them into null, and the approver would see a different value.
 */
export function jsonObject(value: unknown): JsonObject {
  const finite = (_: string, member: unknown) => {
    if (typeof member === 'number' && !Number.isFinite(member))
      throw new TypeError('the value of an interrupt contains a number that JSON cannot represent');
    return member;
  };
  const json: unknown = JSON.parse(JSON.stringify(value, finite) ?? 'null');
  return isObject(json) ? json : { value: json };
}
