import { anyOf } from '../text/word-list.ts';
import { CREDENTIAL_WORDS, EXPIRY_WORDS, NO_END_VALUES } from './words.ts';

/** A text that means no expiry, or a date in the far future. */
const NO_END = new RegExp(
  `^\\s*(?:${anyOf(NO_END_VALUES)}|non[- ]?expiring|no[- ]?(?:expir|end|limit)|does not|∞|9999-|2[1-9]\\d\\d-|20[89]\\d-)`,
  'i',
);
const TEN_YEARS_IN_SECONDS = 315_360_000;

/**
 * A missing expiry: in words, as a date in the far future, or as an empty value where a credential expires. Elsewhere an empty
 * expiry is normal.
 */
export function neverExpires(key: readonly string[], value: unknown, opens: boolean): boolean {
  if (/^(?:session|idle|inactivity|login)(?: idle| inactivity)? (?:timeout|lifetime|ttl)(?: \w+)?$/.test(key.join(' ')))
    return isNone(value) || (typeof value === 'string' && NO_END.test(value));
  const ends =
    key.some((word) => /^(?:expir(?:es|y|ation)|ttl|lifetime)$/.test(word)) ||
    (key[0] === 'valid' && key.includes('until'));
  if (!ends) return false;
  if (typeof value === 'string' && NO_END.test(value)) return true;
  const opener = key.some((word) => CREDENTIAL_WORDS.has(word));
  if (!opener && !(opens && key.every((word) => EXPIRY_WORDS.has(word)))) return false;
  return isNone(value) || (typeof value === 'number' && value >= mostOf(key));
}

const isNone = (value: unknown): boolean =>
  value === null || value === false || value === 0 || value === -1 || value === '0' || value === '-1';

/** Ten years, in the unit that the key names; undefined for a point in time. */
function mostOf(key: readonly string[]): number {
  if (key.includes('at') || key.includes('until') || key.includes('date')) return Number.POSITIVE_INFINITY;
  if (key.includes('years')) return 10;
  if (key.includes('days')) return 3_650;
  if (key.includes('hours')) return 87_600;
  return key.includes('in') || key.includes('seconds') || key.includes('ttl') || key.includes('lifetime')
    ? TEN_YEARS_IN_SECONDS
    : Number.POSITIVE_INFINITY;
}
