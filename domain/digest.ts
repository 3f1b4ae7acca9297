import { sha256 as portable } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Action } from '../contracts/action.ts';
import { canonicalBytes } from './canonical-json.ts';

export const SALT_BYTES = 32;

/** SHA-256 of the concatenated parts. */
export type Sha256 = (...parts: Uint8Array[]) => Uint8Array;
const inJavaScript: Sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), portable.create()).digest();

/**
 * The digest that an approval names: `sha256:` and the hex of SHA-256(salt ‖ RFC 8785 bytes of `{ action, payload, service }`).
 * Without the salt (32 random bytes per request, and others for its patch) a reader of a history, a log or a receipt could guess
 * a short payload. Those who may read the payload also get the salt.
 */
export function payloadDigest(
  salt: Uint8Array,
  { service, action, payload }: Action,
  sha256: Sha256 = inJavaScript,
): string {
  if (salt.length !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes, not ${salt.length}`);
  const body = canonicalBytes({ service, action, payload });
  return `sha256:${bytesToHex(sha256(salt, body))}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The salt as text: base64url without padding. */
export function saltText(salt: Uint8Array): string {
  let text = '';
  for (let i = 0; i < salt.length; i += 3) {
    const word = (salt[i]! << 16) | ((salt[i + 1] ?? 0) << 8) | (salt[i + 2] ?? 0);
    for (let part = 0; part < Math.min(4, salt.length - i + 1); part++)
      text += ALPHABET[(word >> (18 - 6 * part)) & 63];
  }
  return text;
}

/** @throws RangeError unless the text is the base64url of 32 bytes. */
export function saltBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let word = 0;
  let bits = 0;
  for (const character of text) {
    const six = ALPHABET.indexOf(character);
    if (six < 0) throw new RangeError('a salt is base64url');
    word = ((word << 6) | six) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (word >> bits) & 255;
    }
  }
  if (at !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes, not ${at}`);
  return bytes;
}
