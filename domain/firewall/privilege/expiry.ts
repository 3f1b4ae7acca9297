const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Words of calls and keys beside which an end is that of something that opens an account. */
export const CREDENTIAL_WORDS = set(
  'token tokens key keys apikey credential credentials secret secrets password passwords session sessions access role roles permission permissions grant grants privilege privileges iam certificate share sharing',
);

/** Words that say nothing of what it is that ends: unlike `cache` in `cache_ttl`. */
const ENDING = set(
  'expires expiry expiration ttl lifetime valid until in at on date time seconds minutes hours days years',
);

const NO_END =
  /^\s*(?:never|none|infinite|infinity|unlimited|forever|permanent|perpetual|eternal|indefinite|non[- ]?expiring|no[- ]?(?:expir|end|limit)|does not|∞|9999-|2[1-9]\d\d-|20[89]\d-)/i;
const TEN_YEARS_IN_SECONDS = 315_360_000;

/**
 * An end that never comes: in words, as a date that nobody lives to see, or as none where what ends opens an account.
 * Elsewhere, no end is the usual answer.
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
  if (!opener && !(opens && key.every((word) => ENDING.has(word)))) return false;
  return isNone(value) || (typeof value === 'number' && value >= mostOf(key));
}

const isNone = (value: unknown): boolean =>
  value === null || value === false || value === 0 || value === -1 || value === '0' || value === '-1';

/** Ten years, in the unit that the key names. A point in time has none. */
function mostOf(key: readonly string[]): number {
  if (key.includes('at') || key.includes('until') || key.includes('date')) return Number.POSITIVE_INFINITY;
  if (key.includes('years')) return 10;
  if (key.includes('days')) return 3_650;
  if (key.includes('hours')) return 87_600;
  return key.includes('in') || key.includes('seconds') || key.includes('ttl') || key.includes('lifetime')
    ? TEN_YEARS_IN_SECONDS
    : Number.POSITIVE_INFINITY;
}
