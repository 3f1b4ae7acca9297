import type { Leaf } from '../parsing/normalised-input.ts';
import { visible } from '../text/confusables.ts';

/** A longer text is prose, unless it is little else than a number. */
const MAX_TEXT = 40;
const MAX_NUMBER = 60;
const MAX_READ = 400;
/** A currency code, and no word beside it. */
const MAX_LETTERS = 3;

const NUMBER = /-?\d[\d., '_\u2019]*(?:(?<=\d)e[+-]?\d+)?/i;
/** `0x3e8`. */
const OTHER_BASE = /^-?0[xob][0-9a-f]/i;
/** What follows a number and multiplies it: `5k`, `5 million`. */
const MULTIPLIER = /^(?:k|mm?|mn|mio|million|bn?|billion|mrd|thousand|lakh|crore)\b/i;

/**
 * The number that a value holds, without currency, spaces and signs around it: a JSON number as it is, of a text its first number.
 * Undefined when there is none; empty when there is one that is not read (too long, another base, a multiplier).
 */
export function numberIn(value: Leaf['value']): number | string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : '';
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  const text = asciiDigits(visible(trimmed.slice(0, MAX_READ)));
  if (trimmed.length > MAX_TEXT && (text.match(/\p{L}/gu)?.length ?? 0) > MAX_LETTERS) return undefined;
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const number = match[0].replace(/[ '_\u2019]/g, '').replace(/[.,]+$/, '');
  const from = text.slice(match.index);
  const isUnread =
    trimmed.length > MAX_READ ||
    number.length > MAX_NUMBER ||
    OTHER_BASE.test(from) ||
    MULTIPLIER.test(from.slice(match[0].length));
  return isUnread ? '' : number;
}

/** Digits of other scripts, the signs of Arabic numbers, and the minus sign of print. */
const asciiDigits = (text: string): string =>
  /^[\0-\x7f]*$/.test(text)
    ? text
    : text
        .replace(/\p{Nd}/gu, digitOf)
        .replace(/\u066b/g, '.')
        .replace(/\u066c/g, ',')
        .replace(/[\u2010-\u2012\u2212](?=\d)/g, '-');

/** Unicode keeps the ten digits of a script in a row, zero first. */
function digitOf(digit: string): string {
  let value = 0;
  const code = digit.codePointAt(0) as number;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}
