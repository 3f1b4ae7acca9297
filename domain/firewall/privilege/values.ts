import { unleet } from '../text/confusables.ts';
import { ADMIN_WORDS, GRANTING_VALUES, NEGATIONS, REFUSING_VALUES, ROLE_NEUTRAL } from './words.ts';

/** Whether a value switches a flag on: `true`, 1, and the strings that stand for them. */
export function isGranting(value: unknown): boolean {
  return (
    value === true || value === 1 || (typeof value === 'string' && GRANTING_VALUES.has(value.trim().toLowerCase()))
  );
}

/** Whether a value switches a protection off. */
export function isRefusing(value: unknown): boolean {
  return (
    value === false || value === 0 || (typeof value === 'string' && REFUSING_VALUES.has(value.trim().toLowerCase()))
  );
}

/** Whether the words of a value name a role that may do everything, leet spellings undone. */
export function namesAdmin(words: readonly string[]): boolean {
  const plain = words.map((word) => (ROLE_NEUTRAL.has(word) ? word : unleet(word)));
  // `hr-admin` administers less than everything, and still makes others what they are.
  if (plain.length <= 4 && plain.at(-1) === 'admin') return !plain.some((word) => NEGATIONS.has(word));
  return (
    plain.some((word) => ADMIN_WORDS.has(word)) &&
    plain.every((word) => ADMIN_WORDS.has(word) || ROLE_NEUTRAL.has(word))
  );
}
