import { CONTROL, IGNORABLE } from '../../invisible-characters.ts';
import { CHARACTER_CLASSES } from './character-classes.ts';
import { LEET, LOOK_ALIKES } from './look-alikes.ts';

/** ASCII without control characters other than white space. */
const PLAIN = /^[\t-\r\x20-\x7e]*$/;

/** NFKC without invisible and control characters; white space stays. Case is kept, because it separates words. */
export const visible = (text: string): string =>
  PLAIN.test(text) ? text : compatible(text).replace(IGNORABLE, '').replace(CONTROL, '');

/** NFKC, but for the two signs that it writes out as a phrase of 18 and of 8 letters: 16 KB of them would become 100 KB, again and again. */
const compatible = (text: string): string =>
  PHRASE_SIGN.test(text) ? text.replace(/[^\ufdfa\ufdfb]+/g, (run) => run.normalize('NFKC')) : text.normalize('NFKC');
const PHRASE_SIGN = /[\ufdfa\ufdfb]/;

/** Whether a text holds control characters, which programs read differently. */
export const hasControl = (text: string): boolean => text.search(CONTROL) >= 0;

/** Like `visible`, for a text with known character classes. */
export const visibleOf = (text: string, classes: number): string =>
  (classes & (CHARACTER_CLASSES.nonAscii | CHARACTER_CLASSES.control)) === 0 ? text : visible(text);

/** The text with look-alike letters replaced by ASCII, as a person reads it. Case is kept. */
export function lookAlike(text: string): string {
  if (PLAIN.test(text)) return text;
  let out = '';
  for (const char of visible(text)
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')) {
    if (char <= '\x7f') out += char;
    else {
      const lower = char.toLowerCase();
      const same = LOOK_ALIKES[lower] ?? char;
      out += lower === char ? same : same.toUpperCase();
    }
  }
  return out;
}

/** The form in which names are compared: two names with one skeleton look alike. */
export const skeletonOf = (text: string): string => lookAlike(text).toLowerCase();

export const unleet = (text: string): string => text.replace(/[013457@$!|]/g, (char) => LEET[char] ?? char);
