import { unleet } from '../text/confusables.ts';
import { ADMIN_WORDS, GRANTING_VALUES, NEGATIONS, REFUSING_VALUES, ROLE_NEUTRAL } from './words.ts';

/** Whether a value enables a flag: `true`, 1, and equivalent strings. */
export function isGranting(value: unknown): boolean {
  return (
    value === true || value === 1 || (typeof value === 'string' && GRANTING_VALUES.has(value.trim().toLowerCase()))
  );
}

/** Whether a value disables a protection. */
export function isRefusing(value: unknown): boolean {
  return (
    value === false || value === 0 || (typeof value === 'string' && REFUSING_VALUES.has(value.trim().toLowerCase()))
  );
}

/** Whether the words of a value name an administrator role, also in leet spelling. */
export function namesAdmin(words: readonly string[]): boolean {
  const plain = words.map((word) => (ROLE_NEUTRAL.has(word) ? word : unleet(word)));
  // `hr-admin` is limited to one area, but can still change the rights of others.
  if (plain.length <= 4 && plain.at(-1) === 'admin') return !plain.some((word) => NEGATIONS.has(word));
  return (
    plain.some((word) => ADMIN_WORDS.has(word)) &&
    plain.every((word) => ADMIN_WORDS.has(word) || ROLE_NEUTRAL.has(word))
  );
}
