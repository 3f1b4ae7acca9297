import { configure } from 'safe-stable-stringify';

const encoder = new TextEncoder();
/** Members sorted by UTF-16 code units, numbers and strings as in ECMAScript: RFC 8785 for well-formed text. */
const stringify = configure({ strict: true });

/** An escaped lone surrogate, but not an escaped backslash followed by `ud800`. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/**
 * RFC 8785 bytes of a JSON value.
 * @throws TypeError for a value that JSON cannot represent, and for a lone surrogate, which has no UTF-8.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = textOf(value);
  if (text === undefined) throw new TypeError('only a JSON value has a canonical form');
  if (text.includes('\\ud') && LONE_SURROGATE.test(text)) throw new TypeError('a lone surrogate has no canonical form');
  return encoder.encode(text);
}

function textOf(value: unknown): string | undefined {
  try {
    return stringify(value);
  } catch (cause) {
    throw new TypeError('only a JSON value has a canonical form', { cause });
  }
}
