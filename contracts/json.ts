import { z } from 'zod';

/** A JSON object as it stands in a body: what the guard of domain/json let through. */
export const JsonObject = z.record(z.string(), z.unknown()).meta({ id: 'JsonObject', title: 'JsonObject' });
export type JsonObject = z.infer<typeof JsonObject>;

/** An instant in a body: ISO 8601 in UTC, with milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 });

/** `sha256:` and 64 hex digits: the salted digest of an action, made by `domain/digest.ts`. */
export const PayloadDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ id: 'PayloadDigest', title: 'PayloadDigest' });
export type PayloadDigest = z.infer<typeof PayloadDigest>;
