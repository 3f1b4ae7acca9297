import { base64urlnopad } from '@scure/base';

/** In characters. A receipt has a few thousand; a hostile text is refused before it costs memory. */
export const MAX_RECEIPT = 1024 * 1024;

const PARTS = ['header', 'payload', 'signature'] as const;

/**
 * The bytes of a compact JWS (RFC 7515). Strict: base64url without padding and with one spelling per value, so that two different
 * texts are never the same receipt. @throws SyntaxError
 */
export function compactJwsParts(token: string): Record<(typeof PARTS)[number], Uint8Array> {
  if (token.length > MAX_RECEIPT) throw new SyntaxError(`a receipt has at most ${MAX_RECEIPT} characters`);
  const parts = token.split('.');
  if (parts.length !== PARTS.length) throw new SyntaxError('a compact JWS has three parts');
  const [header, payload, signature] = PARTS.map((name, i) => decoded(parts[i]!, name));
  return { header: header!, payload: payload!, signature: signature! };
}

function decoded(part: string, name: string): Uint8Array {
  try {
    if (part !== '') return base64urlnopad.decode(part);
  } catch (cause) {
    throw new SyntaxError(`the ${name} is not base64url, or not the canonical base64url of its bytes`, { cause });
  }
  throw new SyntaxError(`the ${name} is empty`);
}
