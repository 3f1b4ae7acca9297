import { lookAlike, unleet } from './confusables.ts';
import { anyOf } from './word-list.ts';
import { COMPOUNDS, KEY_VOCABULARY, VOCABULARY_STEMS } from './words.ts';

const BY_LAST_LETTER = new Map<string, string[]>();
for (const word of KEY_VOCABULARY) {
  const letter = word.slice(-1);
  BY_LAST_LETTER.set(letter, [...(BY_LAST_LETTER.get(letter) ?? []), word]);
}
const STEMS = new RegExp(anyOf(VOCABULARY_STEMS));

/**
 * The words of a key, in lower case: split at case, punctuation and spaces; look-alike letters, fullwidth forms and
 * invisible characters undone. Words are compared whole, so that `sudoku` is not `sudo`.
 *
 * @example
 * wordsOf('userAdminOverride'); // ['user', 'admin', 'override']
 */
export function wordsOf(key: string): readonly string[] {
  const before = READ.get(key);
  if (before) return before;
  const words = wordsIn(key);
  if (READ.size >= MOST_READ) READ.clear();
  if (key.length <= 200) READ.set(key, words);
  return words;
}

/** Cache: keys repeat from call to call, and splitting one costs more than all checks of it. */
const READ = new Map<string, readonly string[]>();
const MOST_READ = 20_000;

function wordsIn(key: string): string[] {
  // Most keys are one plain word.
  if (/^[a-z]{1,40}[0-9]{0,20}$/.test(key) && !STEMS.test(key)) return [key];
  const parts = lookAlike(key.slice(0, 200))
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}*@$]+/u)
    .filter((word) => word !== '');
  return compounded(
    parts.flatMap((written) => {
      const word = unleetOf(written);
      if (KEY_VOCABULARY.has(word) || !STEMS.test(word)) return [word];
      const unnumbered = word.replace(/\d+$/, '');
      return KEY_VOCABULARY.has(unnumbered) ? [unnumbered] : apart(unnumbered, word);
    }),
  );
}

/** `4dmin` becomes `admin`; digits that do not complete a known word stay. */
function unleetOf(word: string): string {
  if (word.length < 4 || word.length > 14 || !/[0-9@$]/.test(word) || !/[a-z]/.test(word)) return word;
  const plain = unleet(word);
  return KEY_VOCABULARY.has(plain) ? plain : word;
}

function compounded(words: string[]): string[] {
  if (words.length > 3 && words.every((word) => word.length === 1)) {
    const whole = words.join('');
    return KEY_VOCABULARY.has(whole) ? [whole] : words;
  }
  const at = words.findIndex((word, index) => COMPOUNDS[`${word} ${words[index + 1] ?? ''}`] !== undefined);
  if (at < 0) return words;
  return [...words.slice(0, at), COMPOUNDS[`${words[at]} ${words[at + 1]}`] as string, ...words.slice(at + 2)];
}

/** `isadmin` becomes `is`, `admin`; a word with parts outside the vocabulary is not split. */
function apart(word: string, written: string): string[] {
  if (word.length > 40) return [written];
  const ways: (string[] | undefined)[] = [[]];
  for (let end = 1; end <= word.length; end += 1) {
    for (const part of BY_LAST_LETTER.get(word.charAt(end - 1)) ?? []) {
      const before = word.endsWith(part, end) ? ways[end - part.length] : undefined;
      if (before) ways[end] = [...before, part];
    }
  }
  return ways[word.length] ?? [written];
}
