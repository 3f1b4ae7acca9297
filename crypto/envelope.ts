import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { gcmsiv } from '@noble/ciphers/aes.js';
import { randomBytes } from '@noble/ciphers/utils.js';

/**
 * Sealing: AES-256-GCM under a fresh 32-byte data key per object, which is itself wrapped (AES-256-GCM-SIV) by a long-lived
 * key. The context (project, purpose, ids) is rebuilt by the reader from what it asked for, never read from the object, so
 * a row moved to another request or project does not open. GCM does not commit to its key; therefore the data key is
 * expanded over the context to the 64 bytes of HMAC-SHA-512 (RFC 2104, as a pseudorandom function): 32 for the cipher, 32
 * stored and compared first. A wrapped data key says only that it is one: with another object's the commitment is another, and
 * nothing opens.
 *
 *   sealed  = version(2) ‖ wrapped data key(60) ‖ locked
 *   locked  = commitment(32) ‖ nonce(12) ‖ ciphertext ‖ tag(16)
 *   wrapped = nonce(12) ‖ ciphertext(32) ‖ tag(16)
 *
 * The attacker here reads and writes the database, and does not hold the root key.
 */
export type SealContext = readonly (string | number | null)[];

/** Sealed bytes that do not open: altered, moved to another context, cut, or sealed under another key. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

const VERSION = 2;
export const KEY_BYTES = 32;
const NONCE = 12;
const WRAPPED = NONCE + KEY_BYTES + 16;
const COMMITMENT = 32;
const TAG = 16;

const encoder = new TextEncoder();
/** A JSON array: no two contexts share an encoding. */
const contextBytes = (context: SealContext) => encoder.encode(JSON.stringify(['letsping/v1', ...context]));

function same(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ (b[i] ?? 0);
  return different === 0;
}

export const newKey = (): Uint8Array => randomBytes(KEY_BYTES);

/** Wraps a 32-byte key under a long-lived one: 60 bytes. A repeated nonce would reveal equality only (GCM-SIV). */
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
    throw new SealBroken('the key does not open under this context', { cause });
  }
}

/** A piece that stays in the processor's cache from the cipher to its place. */
const PIECE = 64 * 1024;

/** Runs a cipher over `input`, piece by piece, into `output`: a large object is written once, into its last place. */
function run(cipher: { update(piece: Uint8Array): Uint8Array }, input: Uint8Array, output: Uint8Array): void {
  for (let at = 0; at < input.length; at += PIECE) output.set(cipher.update(input.subarray(at, at + PIECE)), at);
}

/** @throws Error when the tag is wrong: nothing of what was deciphered is passed on then. */
function decrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(sealed.length - TAG));
  const { buffer, byteOffset, length } = Buffer.allocUnsafeSlow(sealed.length - TAG);
  const plain = new Uint8Array(buffer, byteOffset, length);
  run(decipher, sealed.subarray(0, length), plain);
  decipher.final(); // checks the tag; a stream cipher leaves no rest
  return plain;
}

/** Key of the cipher ‖ commitment: HMAC-SHA-512 of context ‖ 1 under the data key, formed as the first block of HKDF-Expand. */
function expanded(dataKey: Uint8Array, context: Uint8Array): { key: Uint8Array; commitment: Uint8Array } {
  const block = createHmac('sha512', dataKey).update(context).update(Uint8Array.of(1)).digest();
  return { key: block.subarray(0, KEY_BYTES), commitment: block.subarray(KEY_BYTES) };
}

/** `front`, and behind it what is locked under the data key. AES-256-GCM on the spot, about half a millisecond per MB: a job for another thread is dearer up to 5 MB. */
function lockedBehind(front: Uint8Array, dataKey: Uint8Array, context: SealContext, plain: Uint8Array): Buffer {
  const aad = contextBytes(context);
  const { key, commitment } = expanded(dataKey, aad);
  const nonce = randomBytes(NONCE);
  const body = front.length + COMMITMENT + NONCE;
  const all = Buffer.allocUnsafe(body + plain.length + TAG);
  all.set(front);
  all.set(commitment, front.length);
  all.set(nonce, front.length + COMMITMENT);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  run(cipher, plain, all.subarray(body));
  cipher.final();
  all.set(cipher.getAuthTag(), body + plain.length);
  return all;
}

const NOTHING = new Uint8Array(0);

/** Encrypts under a data key the caller keeps: for many objects of one owner, as a thread's checkpoints. */
export const lock = async (dataKey: Uint8Array, context: SealContext, plain: Uint8Array): Promise<Buffer> =>
  lockedBehind(NOTHING, dataKey, context, plain);

/** @throws SealBroken */
export async function unlock(dataKey: Uint8Array, context: SealContext, locked: Uint8Array): Promise<Uint8Array> {
  const aad = contextBytes(context);
  const { key, commitment } = expanded(dataKey, aad);
  if (locked.length < COMMITMENT + NONCE + TAG || !same(commitment, locked.subarray(0, COMMITMENT))) {
    throw new SealBroken('sealed under another key or context');
  }
  const nonce = locked.subarray(COMMITMENT, COMMITMENT + NONCE);
  try {
    return decrypt(key, nonce, aad, locked.subarray(COMMITMENT + NONCE));
  } catch (cause) {
    throw new SealBroken('sealed bytes were altered', { cause });
  }
}

/** A data key, for one object only. */
export interface DataKey {
  key: Uint8Array;
  /** What stands in front of the object. */
  wrapped: Buffer;
}

const DATA_KEY = ['data key'] as const;

export function drawDataKey(wrapping: Uint8Array): DataKey {
  const key = newKey();
  return { key, wrapped: wrapKey(wrapping, key, DATA_KEY) };
}

/**
 * Draws data keys, and always one ahead: to wrap a key costs more than the rest of sealing a small object, so it is done
 * while the caller waits for something else. Each is given out once.
 */
export function dataKeys(wrapping: Uint8Array): () => DataKey {
  let ahead: DataKey | undefined;
  return () => {
    const drawn = ahead ?? drawDataKey(wrapping);
    ahead = undefined;
    setImmediate(() => {
      ahead ??= drawDataKey(wrapping);
    });
    return drawn;
  };
}

/** Seals one object under a data key that nothing else was sealed with. 121 bytes longer than `plain`. */
export async function seal({ key, wrapped }: DataKey, context: SealContext, plain: Uint8Array): Promise<Buffer> {
  return lockedBehind(Buffer.concat([Uint8Array.of(VERSION), wrapped]), key, context, plain);
}

/** @throws SealBroken: what is not sealed is refused as well; plaintext never passes. */
export async function open(wrapping: Uint8Array, context: SealContext, sealed: Uint8Array): Promise<Uint8Array> {
  if (sealed[0] !== VERSION || sealed.length < 1 + WRAPPED) throw new SealBroken('a sealed object was expected');
  const dataKey = unwrapKey(wrapping, sealed.subarray(1, 1 + WRAPPED), DATA_KEY);
  return unlock(dataKey, context, sealed.subarray(1 + WRAPPED));
}
