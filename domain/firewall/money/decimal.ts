/** An exact decimal number: `coefficient / 10 ** scale`. */
export interface Decimal {
  readonly coefficient: bigint;
  /** Digits after the point; never negative. */
  readonly scale: number;
}

/** Beyond these, a number would cost more to compute than it can mean. A double has at most 309 digits before its point. */
const MAX_DIGITS = 400;

const PLAIN = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;

/** Reads a number in the syntax of JSON. Undefined for another text, and for one with too many digits. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = PLAIN.exec(text) ?? [];
  if (sign === undefined || whole.length + fraction.length > MAX_DIGITS) return undefined;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > MAX_DIGITS) return undefined;
  const coefficient = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  return scale >= 0 ? { coefficient, scale } : { coefficient: coefficient * 10n ** BigInt(-scale), scale: 0 };
}
