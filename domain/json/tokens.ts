import { JsonGuardError } from './guard-error.ts';

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const NONZERO_DIGIT = /^[^eE]*[1-9]/;
/** In Unicode mode a surrogate pair is one code point, so this matches only lone surrogates. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The index of the first character at or after `from` that is not JSON white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at;
    at += 1;
  }
}

export interface ScannedString {
  /** The index after the closing quote. */
  end: number;
  /** Whether the text between the quotes has escapes. */
  escaped: boolean;
}

/** Scans the string whose opening quote is at `start`. A lone surrogate is refused, also if escaped. */
export function scanString(text: string, start: number): ScannedString {
  let at = start + 1;
  let escaped = false;
  let surrogates = false;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) break;
    if (unit === BACKSLASH) {
      escaped = true;
      at += 1;
    } else if (unit >= 0xd800 && unit <= 0xdfff) surrogates = true;
    else if (!(unit >= 0x20)) throw new JsonGuardError('not_json');
    at += 1;
  }
  if (escaped || surrogates) {
    const cooked = escaped ? cook(text, start, at + 1) : text.slice(start + 1, at);
    if (LONE_SURROGATE.test(cooked)) throw new JsonGuardError('lone_surrogate');
  }
  return { end: at + 1, escaped };
}

/** The value of a quoted slice; an invalid escape is refused. */
export function cook(text: string, start: number, end: number): string {
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    throw new JsonGuardError('not_json');
  }
}

/**
 * The index after the number at `start`. Refuses a number that overflows or underflows as a double, and an integer in
 * digits above 2^53 - 1: from there on two integers share one double, and would have the same digest.
 */
export function scanNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  const match = NUMBER.exec(text);
  if (!match) throw new JsonGuardError('not_json');
  const [literal, , exponent] = match;
  const value = Number(literal);
  const lost = value === 0 && NONZERO_DIGIT.test(literal);
  const inexact = exponent === undefined && Number.isInteger(value) && !Number.isSafeInteger(value);
  if (!Number.isFinite(value) || lost || inexact) throw new JsonGuardError('number_out_of_range');
  return start + literal.length;
}

const LITERALS = ['true', 'false', 'null'] as const;

/** The index after `true`, `false` or `null` at `start`. */
export function scanLiteral(text: string, start: number): number {
  for (const literal of LITERALS) if (text.startsWith(literal, start)) return start + literal.length;
  throw new JsonGuardError('not_json');
}
