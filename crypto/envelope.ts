import { createCipheriv, createDecipheriv, createHmac, randomFillSync } from 'node:crypto';
import { gcmsiv } from '@noble/ciphers/aes.js';
import { randomBytes } from '@noble/ciphers/utils.js';

/**
 * Sealing: AES-256-GCM with a fresh data key per object. HMAC-SHA-512 (RFC 2104, as a pseudorandom function) derives 64 bytes
 * from a long-lived key (a project's or a thread's), 32 random bytes and the context. The first 32 are the cipher's key and are
 * not stored. The others are stored and compared first, because GCM does not commit to its key. The reader rebuilds the context
 * (project, purpose, ids) from its own query and never reads it from the object, so a row that was moved to another request or
 * project cannot be unsealed. The key cannot be derived without the salt, so erasing the salt erases the object.
 *
 *   sealed = version(3) ‖ salt(32) ‖ commitment(32) ‖ ciphertext ‖ tag(16)
 *   key ‖ commitment = HMAC-SHA-512(long-lived key, version ‖ salt ‖ context)
 *
 * Each key encrypts once, so the cipher's nonce is zero. A long-lived key is stored wrapped by AES-256-GCM-SIV:
 *
 *   wrapped = nonce(12) ‖ ciphertext(32) ‖ tag(16)
 *
 * A long-lived key derives data keys, wraps keys and makes pseudonyms (HMAC-SHA-256). These three functions are independent.
 * The attacker reads and writes the database and does not have the root key.
 */
export type SealContext = readonly (string | number | null)[];

/** The bytes cannot be unsealed: altered, truncated, moved to another context, or sealed under another key. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

const VERSION = 3;
export const KEY_BYTES = 32;
const NONCE = 12;
const WRAPPED = NONCE + KEY_BYTES + 16;
const SALT_END = 1 + 32;
const FRONT = SALT_END + 32;
const TAG = 16;
/** Safe because each key encrypts once. */
const ZERO_NONCE = new Uint8Array(NONCE);

const encoder = new TextEncoder();
/** A JSON array, so that different contexts have different encodings. */
const contextBytes = (context: SealContext) => encoder.encode(JSON.stringify(['letsping/v1', ...context]));

function same(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ (b[i] ?? 0);
  return different === 0;
}

export const newKey = (): Uint8Array => randomBytes(KEY_BYTES);

/** Wraps a 32-byte key under a long-lived one: 60 bytes. With GCM-SIV a repeated nonce reveals only equality. */
export function wrapKey(wrapping: Uint8Array, key: Uint8Array, context: SealContext): Buffer {
  const nonce = randomBytes(NONCE);
  return Buffer.concat([nonce, gcmsiv(wrapping, nonce, contextBytes(context)).encrypt(key)]);
}

/** @throws SealBroken */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array, context: SealContext): Uint8Array {
  if (wrapped.length !== WRAPPED) throw new SealBroken('a wrapped key has 60 bytes');
  try {
    return gcmsiv(wrapping, wrapped.subarray(0, NONCE), contextBytes(context)).decrypt(wrapped.subarray(NONCE));
  } catch (cause) {
    throw new SealBroken('the key cannot be unwrapped in this context', { cause });
  }
}

/** Small enough for the processor's cache. */
const PIECE = 64 * 1024;

/** Runs a cipher over `input` piece by piece into `output`, so that a large object is not copied again. */
function run(cipher: { update(piece: Uint8Array): Uint8Array }, input: Uint8Array, output: Uint8Array): void {
  for (let at = 0; at < input.length; at += PIECE) output.set(cipher.update(input.subarray(at, at + PIECE)), at);
}

/** Derives the cipher's key and its commitment from the bytes before the commitment, and the context. */
function derived(
  key: Uint8Array,
  front: Uint8Array,
  context: SealContext,
): { once: Uint8Array; commitment: Uint8Array } {
  const block = createHmac('sha512', key).update(front).update(contextBytes(context)).digest();
  return { once: block.subarray(0, KEY_BYTES), commitment: block.subarray(KEY_BYTES) };
}

/**
 * Seals one object under a long-lived key: 81 bytes longer than `plain`. Synchronous, about 0.5 ms per MB: up to 5 MB, passing
 * the work to another thread costs more.
 */
export async function seal(key: Uint8Array, context: SealContext, plain: Uint8Array): Promise<Buffer> {
  const sealed = Buffer.allocUnsafe(FRONT + plain.length + TAG);
  sealed[0] = VERSION;
  randomFillSync(sealed, 1, SALT_END - 1);
  const { once, commitment } = derived(key, sealed.subarray(0, SALT_END), context);
  sealed.set(commitment, SALT_END);
  const cipher = createCipheriv('aes-256-gcm', once, ZERO_NONCE);
  run(cipher, plain, sealed.subarray(FRONT));
  cipher.final(); // GCM is a stream cipher and returns no further bytes
  sealed.set(cipher.getAuthTag(), FRONT + plain.length);
  return sealed;
}

/** The first bytes of a sealed object: version, salt and commitment. */
export const SEAL_FRONT = FRONT;

/**
 * Whether an object that begins with these bytes was sealed under this key and context. The commitment is a pseudorandom function of
 * both, so it authenticates the context without the ciphertext.
 */
export const isSealedUnder = (key: Uint8Array, context: SealContext, front: Uint8Array): boolean =>
  front[0] === VERSION &&
  front.length >= FRONT &&
  same(derived(key, front.subarray(0, SALT_END), context).commitment, front.subarray(SALT_END, FRONT));

/** @throws SealBroken, also for bytes that were never sealed: plaintext is not accepted. */
export async function unseal(key: Uint8Array, context: SealContext, sealed: Uint8Array): Promise<Uint8Array> {
  if (sealed[0] !== VERSION || sealed.length < FRONT + TAG) throw new SealBroken('the bytes are not a sealed object');
  const { once, commitment } = derived(key, sealed.subarray(0, SALT_END), context);
  if (!same(commitment, sealed.subarray(SALT_END, FRONT))) throw new SealBroken('sealed under another key or context');
  try {
    return decrypt(once, sealed.subarray(FRONT));
  } catch (cause) {
    throw new SealBroken('sealed bytes were altered', { cause });
  }
}

/** @throws Error if the tag is wrong. Nothing that was decrypted is returned then. */
function decrypt(once: Uint8Array, locked: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', once, ZERO_NONCE, { authTagLength: TAG });
  decipher.setAuthTag(locked.subarray(locked.length - TAG));
  const { buffer, byteOffset, length } = Buffer.allocUnsafeSlow(locked.length - TAG);
  const plain = new Uint8Array(buffer, byteOffset, length);
  run(decipher, locked.subarray(0, length), plain);
  decipher.final(); // checks the tag
  return plain;
}
