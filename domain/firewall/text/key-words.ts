/** Every word of the sets, with the sets that contain it. */
const SETS_OF = new Map<string, number>();
let sets = 0;

/**
 * Names a set of words of keys, as one bit. A key is looked up once for all sets; every check after that is an `&`.
 *
 * @throws Error when there are more sets than bits.
 */
export function keyWords(words: Iterable<string>): number {
  if (sets >= 31) throw new Error('There are more sets of words than bits.');
  const bit = 1 << sets;
  sets += 1;
  for (const word of words) SETS_OF.set(word, (SETS_OF.get(word) ?? 0) | bit);
  return bit;
}

/** The sets that have one of these words. */
export function setsOf(words: readonly string[]): number {
  let found = 0;
  for (const word of words) found |= SETS_OF.get(word) ?? 0;
  return found;
}
