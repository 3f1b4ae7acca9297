import { IGNORABLE } from '../../invisible-characters.ts';
import { CHARACTER_CLASSES } from './character-classes.ts';

/**
 * Letters of other scripts that are drawn like a Latin one, and characters drawn like a star: what Unicode's table of
 * confusables (UTS 39) says of lower case, as far as words of this firewall's vocabulary can be spelt with them.
 */
const LOOK_ALIKES: Record<string, string> = Object.fromEntries([
  ['а', 'a'],
  ['ɑ', 'a'],
  ['α', 'a'],
  ['ᴀ', 'a'],
  ['в', 'b'],
  ['ь', 'b'],
  ['ᖯ', 'b'],
  ['с', 'c'],
  ['ϲ', 'c'],
  ['ᴄ', 'c'],
  ['ԁ', 'd'],
  ['ɗ', 'd'],
  ['ᴅ', 'd'],
  ['е', 'e'],
  ['ҽ', 'e'],
  ['ε', 'e'],
  ['ᴇ', 'e'],
  ['ё', 'e'],
  ['ƒ', 'f'],
  ['ɡ', 'g'],
  ['ց', 'g'],
  ['һ', 'h'],
  ['հ', 'h'],
  ['н', 'h'],
  ['і', 'i'],
  ['ı', 'i'],
  ['ι', 'i'],
  ['ї', 'i'],
  ['ɩ', 'i'],
  ['ɪ', 'i'],
  ['ј', 'j'],
  ['ϳ', 'j'],
  ['к', 'k'],
  ['κ', 'k'],
  ['ĸ', 'k'],
  ['ӏ', 'l'],
  ['ǀ', 'l'],
  ['ⅼ', 'l'],
  ['м', 'm'],
  ['ᴍ', 'm'],
  ['п', 'n'],
  ['ո', 'n'],
  ['ν', 'v'],
  ['η', 'n'],
  ['ո', 'n'],
  ['о', 'o'],
  ['ο', 'o'],
  ['օ', 'o'],
  ['σ', 'o'],
  ['ө', 'o'],
  ['ø', 'o'],
  ['ᴏ', 'o'],
  ['р', 'p'],
  ['ρ', 'p'],
  ['ԛ', 'q'],
  ['г', 'r'],
  ['ᴦ', 'r'],
  ['ʀ', 'r'],
  ['ѕ', 's'],
  ['ꜱ', 's'],
  ['т', 't'],
  ['τ', 't'],
  ['ᴛ', 't'],
  ['υ', 'u'],
  ['ս', 'u'],
  ['ц', 'u'],
  ['ʋ', 'u'],
  ['ѵ', 'v'],
  ['ᴠ', 'v'],
  ['ԝ', 'w'],
  ['ѡ', 'w'],
  ['ω', 'w'],
  ['х', 'x'],
  ['χ', 'x'],
  ['у', 'y'],
  ['ү', 'y'],
  ['γ', 'y'],
  ['ʏ', 'y'],
  ['ᴢ', 'z'],
  ['ʐ', 'z'],
  ['∗', '*'],
  ['⁎', '*'],
  ['٭', '*'],
  ['✱', '*'],
  ['✲', '*'],
  ['⋆', '*'],
  ['﹡', '*'],
  ['＊', '*'],
  ['∶', ':'],
  ['꞉', ':'],
  ['ː', ':'],
  ['։', ':'],
  ['‐', '-'],
  ['‑', '-'],
  ['–', '-'],
  ['⁃', '-'],
  ['−', '-'],
  ['․', '.'],
]);

const ASCII = /^[\x00-\x7f]*$/;

/** NFKC without what cannot be seen. Case is kept: it tells words apart. */
export const visible = (text: string): string =>
  ASCII.test(text) ? text : text.normalize('NFKC').replace(IGNORABLE, '');

/** As `visible`, for a text whose classes are known. */
export const visibleOf = (text: string, classes: number): string =>
  (classes & CHARACTER_CLASSES.nonAscii) === 0 ? text : visible(text);

/** What the text looks like to a person, in the letters of ASCII where there is one that looks the same. Case is kept. */
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

/** Letters replaced by the digits and signs that stand for them in `@dm1n`. */
const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
};
export const unleet = (text: string): string => text.replace(/[013457@$!|]/g, (char) => LEET[char] ?? char);
