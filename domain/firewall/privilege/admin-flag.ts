import { ADMIN_NEUTRAL, ADMIN_WORDS, NEGATIONS } from './words.ts';

/** Whether the words of a key form an administrator flag: `is_admin`, `make_owner`. */
export const isAdminFlag = (key: readonly string[]): boolean =>
  key.some((word) => ADMIN_WORDS.has(word)) &&
  key.every((word) => ADMIN_WORDS.has(word) || ADMIN_NEUTRAL.has(word)) &&
  !key.some((word) => NEGATIONS.has(word));
