import type { ParsedAction } from '../parsing/parsed-action.ts';
import { keyWords } from '../text/key-words.ts';

/** Money that an action moves, in minor units. */
export interface Amount {
  pointer: string;
  minor: number;
  /** Empty when the payload names none. */
  currency: string;
  /** Whether the number written was whole. */
  whole: boolean;
}

const AMOUNT = keyWords(
  'amount amounts total sum price cost fee refund payment charge value fare balance tip'.split(' '),
);
const CURRENCY_WORDS = new Set(['currency', 'ccy', 'iso']);
const NO_AMOUNT = keyWords(
  'id count number type name date percent percentage rate currency method status reason ref reference'.split(' '),
);

/** Currencies without a minor unit, and those with three digits of it (ISO 4217). */
const NO_MINOR = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));
const THREE_DIGITS = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));

const digitsOf = (currency: string): number => (NO_MINOR.has(currency) ? 0 : THREE_DIGITS.has(currency) ? 3 : 2);

/** The amounts of an action, each with the currency that stands beside it. */
export function amountsOf(action: ParsedAction, unit: 'minor' | 'major'): Amount[] {
  const found: Amount[] = [];
  for (const value of action.values) {
    if (value.type !== 'principal_change' || found.length >= 100) continue;
    const role = action.roleAt(value.place.pointer);
    const { sets } = value.place;
    const named = (sets & AMOUNT) !== 0 && (sets & NO_AMOUNT) === 0;
    if (role === undefined ? !named : role !== 'amount') continue;
    const number = numberIn(value.value);
    if (number === undefined) continue;
    const currency = currencyBeside(value.place.owner, value.value);
    const minor = unit === 'minor' ? number : number * 10 ** digitsOf(currency);
    found.push({
      pointer: value.place.pointer,
      minor: Math.round(minor),
      currency,
      whole: Number.isInteger(unit === 'minor' ? number : Math.round(minor * 1e6) / 1e6),
    });
  }
  return found;
}

/** `1.200,50` and `1,200.50` are both read; what is no number is not an amount. */
function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const plain = /-?\d[\d., ']*/.exec(value.normalize('NFKC'))?.[0]?.replace(/[ ']/g, '');
  if (plain === undefined) return undefined;
  const decimal = /[.,](\d{1,2})$/.exec(plain);
  const whole = (decimal ? plain.slice(0, decimal.index) : plain).replace(/[.,]/g, '');
  const number = Number(decimal ? `${whole}.${decimal[1]}` : whole);
  return Number.isFinite(number) ? number : undefined;
}

function currencyBeside(owner: Readonly<Record<string, unknown>> | undefined, value: unknown): string {
  if (typeof value === 'string') {
    const written = /\b([A-Z]{3})\b/.exec(value)?.[1];
    if (written) return written;
  }
  for (const [key, one] of Object.entries(owner ?? {})) {
    if (
      typeof one === 'string' &&
      one.length <= 10 &&
      key
        .toLowerCase()
        .split(/[^a-z]+/)
        .some((word) => CURRENCY_WORDS.has(word) || word.endsWith('currency'))
    )
      return one.trim().toUpperCase();
  }
  return '';
}
