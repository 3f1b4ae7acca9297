import { minorDigitsOf } from './currencies.ts';
import { type Decimal, parseDecimal } from './decimal.ts';

/** An amount of one currency, counted exactly. */
export interface Money {
  /** In the minor unit of the currency: cents of EUR, yen of JPY, fils of KWD. */
  readonly minor: bigint;
  /** An ISO 4217 code; empty when the payload names none. */
  readonly currency: string;
}

export type Unit = 'minor' | 'major';

/** Which way an inexact number is rounded: what is limited to its largest value, what limits to its smallest. */
export type Bound = 'largest' | 'smallest';

/** A decimal in units of `10 ** -digits`. `exact` is false when it has more digits than that. */
export function toMinor(
  { coefficient, scale }: Decimal,
  digits: number,
  bound: Bound = 'largest',
): { minor: bigint; exact: boolean } {
  if (scale <= digits) return { minor: coefficient * 10n ** BigInt(digits - scale), exact: true };
  const divisor = 10n ** BigInt(scale - digits);
  const [whole, rest] = [coefficient / divisor, coefficient % divisor];
  if (rest === 0n) return { minor: whole, exact: true };
  const away = coefficient < 0n ? -1n : 1n;
  return { minor: bound === 'largest' ? whole + away : whole, exact: false };
}

export const absolute = (minor: bigint): bigint => (minor < 0n ? -minor : minor);

/** An amount as the payload writes it. */
export interface WrittenAmount {
  readonly pointer: string;
  /** The number, or the text of it without the currency; empty when the text holds a number that cannot be read. */
  readonly written: number | string;
  /** The code beside it, in capitals: empty when there is none, several codes joined by `/` when they differ. */
  readonly currency: string;
  /** Whether it is written with more than the digits of an integer: a point, an exponent, a currency, groups of digits. */
  readonly loose?: boolean;
}

export type Conversion =
  | {
      readonly ok: true;
      readonly money: Money;
      /** Whether it is a whole number of minor units. */
      readonly exact: boolean;
      /** True when another program may read another amount: `money` is then the largest plausible one. */
      readonly unsure?: boolean;
    }
  | { readonly ok: false; readonly reason: 'unreadable' | 'no_currency' | 'unknown_currency' };

/**
 * The only conversion from what a payload writes to minor units. An amount in major units needs a currency, since its exponent
 * decides; one in minor units may name none, and only an integer is read for sure. An unknown code is never converted.
 */
export function convert(amount: WrittenAmount, unit: Unit, bound: Bound = 'largest'): Conversion {
  const { currency, written } = amount;
  const known = minorDigitsOf(currency);
  if (currency === '' && unit === 'major') return { ok: false, reason: 'no_currency' };
  if (currency !== '' && known === undefined) return { ok: false, reason: 'unknown_currency' };
  const digits = unit === 'minor' ? 0 : (known ?? 0);
  const decimal = decimalOf(written, digits, bound);
  if (decimal === undefined) return { ok: false, reason: 'unreadable' };
  const { minor, exact } = toMinor(decimal, digits, bound);
  if (unit === 'major' || !amount.loose) return { ok: true, money: { minor, currency }, exact };
  // `500.00` in cents: one program reads 5 euros, another 500.
  const major = toMinor(decimalOf(written, known ?? 2, bound) ?? decimal, known ?? 2, bound).minor;
  const larger = absolute(major) > absolute(minor) ? major : minor;
  return { ok: true, money: { minor: bound === 'largest' ? larger : minor, currency }, exact, unsure: true };
}

function decimalOf(written: number | string, digits: number, bound: Bound): Decimal | undefined {
  if (typeof written === 'number') return parseDecimal(String(written));
  const plain = withoutGrouping(written, digits, bound);
  return plain === undefined ? undefined : parseDecimal(plain);
}

/** Groups of three digits, or of two and a last one of three, as in India. */
const GROUPED = /^-?[1-9]\d{0,2}([.,])(?:\d{2,3}\1)*\d{3}$/;

/**
 * A number as people write it, in the syntax of JSON: `1,200.50`, `1.200,50` and `1200.5` are one number. `1.200` can be two: it is
 * read as a decimal where the currency has three digits or more, else as the larger or the smaller of both. Undefined when the
 * separators make no sense.
 */
function withoutGrouping(text: string, digits: number, bound: Bound): string | undefined {
  const separators: string[] = text.match(/[.,]/g) ?? [];
  const last = separators.at(-1);
  if (last === undefined || /e/i.test(text)) return text;
  const at = text.lastIndexOf(last);
  const decimal = `${text.slice(0, at).replace(/[.,]/g, '')}.${text.slice(at + 1)}`;
  const sorts = new Set(separators).size;
  if (sorts === 2) return separators.indexOf(last) === separators.length - 1 ? decimal : undefined;
  const isGrouped = GROUPED.test(text);
  if (separators.length > 1) return isGrouped ? text.replace(/[.,]/g, '') : undefined;
  const isDecimal = !isGrouped || (last === '.' && digits >= 3) || bound === 'smallest';
  return isDecimal ? decimal : text.replace(last, '');
}
