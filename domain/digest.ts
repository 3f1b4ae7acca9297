import { sha256 as portable } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';
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

/** The salt as text: base64url without padding. */
export const saltText = (salt: Uint8Array): string => base64urlnopad.encode(salt);

const SALT_CHARACTERS = Math.ceil((SALT_BYTES * 4) / 3);

/** Strict: one text per salt. @throws RangeError unless the text is the base64url of 32 bytes. */
export function saltBytes(text: string): Uint8Array {
  if (text.length !== SALT_CHARACTERS)
    throw new RangeError(`a salt has ${SALT_BYTES} bytes, not ${Math.floor((text.length * 3) / 4)}`);
  try {
    return base64urlnopad.decode(text);
  } catch (cause) {
    throw new RangeError('a salt is base64url', { cause });
  }
}
