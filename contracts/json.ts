import { z } from 'zod/v4';
import { isObject } from './is-object.ts';

/** A JSON object of a body, after the guard of domain/json. */
export type JsonObject = Record<string, unknown>;
/** Not copied: copying the members costs as much as parsing them. */
export const JsonObject = z
  .custom<JsonObject>(isObject, 'Invalid input: expected an object')
  .meta({ id: 'JsonObject', title: 'JsonObject', type: 'object', additionalProperties: {} });

/** `sha256:` and 64 hex digits: the salted digest of an action, computed by `domain/digest.ts`. */
export const PayloadDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ id: 'PayloadDigest', title: 'PayloadDigest' });
export type PayloadDigest = z.infer<typeof PayloadDigest>;
