import { JsonGuardError, type JsonRefusal } from './guard-error.ts';
import { boundedPointerOf } from './pointer.ts';
import { cook, QUOTE, scanLiteral, scanNumber, scanString, skipSpace } from './tokens.ts';

export { JSON_REFUSALS, type JsonRefusal } from './guard-error.ts';

export interface JsonLimits {
  /** Nesting of containers. @default 200 */
  maxDepth?: number;
  /** Objects, arrays and scalars together. @default 20000 */
  maxValues?: number;
}

export type GuardedJson =
  | { ok: true; value: unknown }
  | {
      ok: false;
      /** JSON Pointer of the refused value, or of its nearest ancestor with a pointer of at most 1,000 characters. */
      pointer: string;
      code: JsonRefusal;
      /** One plain sentence. */
      reason: string;
    };

/** A container that is being read. Only an object has `keys`. `at` is the current key or index, once known. */
interface Frame {
  keys: Set<string> | undefined;
  at: string | number | undefined;
}

/**
 * Parses JSON that all parsers read alike: no comments, trailing commas or second values, no duplicate keys (also when
 * escaped), no key that reaches a prototype, no number that a double cannot represent, no lone surrogate; limited in
 * depth and in values. The scan ends at the first violation, so deep nesting costs little. The caller limits the length
 * of the text.
 *
 * @example
 * parseGuarded('{"amount": 1, "amount": 2}');
 * // { ok: false, pointer: '/amount', code: 'duplicate_key', reason: 'The body names one key twice.' }
 */
export function parseGuarded(text: string, limits: JsonLimits = {}): GuardedJson {
  const open: Frame[] = [];
  try {
    scan(text, open, limits.maxDepth ?? 200, limits.maxValues ?? 20_000);
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const refusal = error instanceof JsonGuardError ? error : new JsonGuardError('not_json');
    const pointer = boundedPointerOf(open.flatMap((frame) => frame.at ?? []));
    return { ok: false, pointer, code: refusal.code, reason: refusal.message };
  }
}

/** Reads the text once, without recursion. Throws at the first violation and leaves the path to it in `open`. */
function scan(text: string, open: Frame[], maxDepth: number, maxValues: number): void {
  let at = skipSpace(text, 0);
  let values = 0;
  for (;;) {
    values += 1;
    if (values > maxValues) throw new JsonGuardError('too_many_values');
    const first = text[at];
    if (first === '{' || first === '[') {
      if (open.length >= maxDepth) throw new JsonGuardError('too_deep');
      at = skipSpace(text, at + 1);
      const closing = first === '{' ? '}' : ']';
      if (text[at] !== closing) {
        const frame: Frame = first === '{' ? { keys: new Set(), at: undefined } : { keys: undefined, at: 0 };
        open.push(frame);
        if (frame.keys) at = readKey(text, at, open, frame.keys);
        continue;
      }
      at += 1;
    } else if (first === '"') at = scanString(text, at).end;
    else if (first === '-' || (first !== undefined && first >= '0' && first <= '9')) at = scanNumber(text, at);
    else at = scanLiteral(text, at);

    at = afterValue(text, at, open);
    if (open.length === 0) break;
  }
  if (at !== text.length) throw new JsonGuardError('not_json');
}

/** Skips the commas and closing brackets after a value; returns where the next value starts or the text ends. */
function afterValue(text: string, from: number, open: Frame[]): number {
  let at = skipSpace(text, from);
  for (;;) {
    const frame = open.at(-1);
    if (!frame) return at;
    if (text[at] === ',') {
      at = skipSpace(text, at + 1);
      if (frame.keys) return readKey(text, at, open, frame.keys);
      frame.at = Number(frame.at) + 1;
      return at;
    }
    if (text[at] !== (frame.keys ? '}' : ']')) throw new JsonGuardError('not_json');
    open.pop();
    at = skipSpace(text, at + 1);
  }
}

/** Reads a key and its colon; returns where the member's value starts. */
function readKey(text: string, start: number, open: Frame[], seen: Set<string>): number {
  const frame = open[open.length - 1] as Frame;
  // An unreadable key is reported at the object.
  frame.at = undefined;
  if (text.charCodeAt(start) !== QUOTE) throw new JsonGuardError('not_json');
  const { end, escaped } = scanString(text, start);
  const key = escaped ? cook(text, start, end) : text.slice(start + 1, end - 1);
  frame.at = key;
  if (seen.has(key)) throw new JsonGuardError('duplicate_key');
  if (key === '__proto__' || (key === 'prototype' && open.at(-2)?.at === 'constructor')) {
    throw new JsonGuardError('forbidden_key');
  }
  seen.add(key);
  const colon = skipSpace(text, end);
  if (text[colon] !== ':') throw new JsonGuardError('not_json');
  return skipSpace(text, colon + 1);
}
