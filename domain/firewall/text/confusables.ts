import { IGNORABLE } from '../../invisible-characters.ts';
import { CHARACTER_CLASSES } from './character-classes.ts';
import { LEET, LOOK_ALIKES } from './look-alikes.ts';

const ASCII = /^[\x00-\x7f]*$/;

/** NFKC without invisible characters. Case is kept, because it separates words. */
export const visible = (text: string): string =>
  ASCII.test(text) ? text : text.normalize('NFKC').replace(IGNORABLE, '');

/** Like `visible`, for a text with known character classes. */
export const visibleOf = (text: string, classes: number): string =>
  (classes & CHARACTER_CLASSES.nonAscii) === 0 ? text : visible(text);

/** The text with look-alike letters replaced by ASCII, as a person reads it. Case is kept. */
export function lookAlike(text: string): string {
  if (ASCII.test(text)) return text;
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
