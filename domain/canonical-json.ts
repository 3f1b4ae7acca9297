import canonicalize from 'canonicalize';

const encoder = new TextEncoder();

/**
 * RFC 8785 bytes of a JSON value. Only values that came out of the guard of `domain/json` belong here: the library refuses
 * lone surrogates, but prints `undefined` for a function.
 * @throws TypeError for what JSON cannot say.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('only a JSON value has a canonical form');
  return encoder.encode(text);
}
