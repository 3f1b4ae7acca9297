import { z } from 'zod/v4';
import { isObject } from './is-object.ts';

const TEXT = /^[^\0\p{Surrogate}]*$/u;
const RULE = 'text without NUL and without half of a surrogate pair';

/**
 * Every text that a caller sends. Two characters are refused: NUL, which PostgreSQL cannot store, and half of a surrogate pair,
 * which UTF-8 cannot carry, so that two texts would get one digest.
 */
export const Text = z.string().regex(TEXT, RULE);

/** Whether all keys and texts of a JSON value, at any depth, are `Text`. The value is nested at most as deep as a body may be. */
const holdsOnlyText = (value: unknown): boolean => {
  if (typeof value === 'string') return TEXT.test(value);
  if (Array.isArray(value)) return value.every(holdsOnlyText);
  return !isObject(value) || Object.entries(value).every(([key, member]) => TEXT.test(key) && holdsOnlyText(member));
};

/** A JSON object that is stored in plain text, such as a JSON Schema of a policy. */
export const TextObject = z.record(z.string(), z.unknown()).refine(holdsOnlyText, RULE);
