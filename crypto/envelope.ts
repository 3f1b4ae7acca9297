import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHmac,
  type DecipherGCM,
  randomBytes,
} from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { gcmsiv } from '@noble/ciphers/aes.js';

/**
 * Sealing: AES-256-GCM under a fresh 32-byte data key per object, which is itself wrapped (AES-256-GCM-SIV) by a long-lived
 * key. The context (project, purpose, ids) is rebuilt by the reader from what it asked for, never read from the object, so
 * a row moved to another request or project does not open. GCM does not commit to its key; therefore the data key is
 * expanded over the context to 64 bytes (HKDF-Expand, RFC 5869): 32 for the cipher, 32 stored and compared first.
 *
 *   sealed  = version(1) ‖ wrapped data key(60) ‖ locked
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

const VERSION = 1;
export const KEY_BYTES = 32;
const NONCE = 12;
const WRAPPED = NONCE + KEY_BYTES + 16;
const COMMITMENT = 32;
const TAG = 16;
const CIPHER = 'aes-256-gcm';
/** What the cipher is given at once: its output stays in the processor's cache until it is copied into place. */
const PIECE = 256 * 1024;
/** After so many bytes (some 0.5 ms) of one object the event loop has its turn. */
const TURN = 1024 * 1024;

const encoder = new TextEncoder();
/** A JSON array: no two contexts share an encoding. */
const contextBytes = (context: SealContext) => encoder.encode(JSON.stringify(['letsping/v1', ...context]));

/** Not zeroed: every byte is written before it is read. */
function space(length: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = space(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Runs `from` through the cipher to `to`, from `at` on. */
async function through(cipher: CipherGCM | DecipherGCM, from: Uint8Array, to: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < from.length; done += PIECE) {
    if (done > 0 && done % TURN === 0) await setImmediate();
    to.set(cipher.update(from.subarray(done, done + PIECE)), at + done);
  }
}

/** A draw from the system costs 7 µs, however short: random bytes are drawn ahead, and each is given out once. */
let drawn = Buffer.alloc(0);
function fresh(length: number): Uint8Array<ArrayBuffer> {
  if (drawn.length < length) drawn = randomBytes(4_096);
  const bytes = Uint8Array.from(drawn.subarray(0, length));
  drawn.fill(0, 0, length);
  drawn = drawn.subarray(length);
  return bytes;
}

/** HKDF-Expand with SHA-256 (RFC 5869, 2.3) to two blocks: node has only extract and expand together. */
function expanded(dataKey: Uint8Array, info: Uint8Array): { key: Uint8Array; commitment: Uint8Array } {
  const key = createHmac('sha256', dataKey).update(info).update(Uint8Array.of(1)).digest();
  const commitment = createHmac('sha256', dataKey).update(key).update(info).update(Uint8Array.of(2)).digest();
  return { key, commitment };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ (b[i] ?? 0);
  return different === 0;
}

export const newKey = (): Uint8Array => fresh(KEY_BYTES);

/** Wraps a 32-byte key under a long-lived one: 60 bytes. A repeated nonce would reveal equality only (GCM-SIV). */
export function wrapKey(wrapping: Uint8Array, key: Uint8Array, context: SealContext): Uint8Array {
  const nonce = fresh(NONCE);
  return concat(nonce, gcmsiv(wrapping, nonce, contextBytes(context)).encrypt(key));
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

/** Encrypts under a data key the caller keeps: for many objects of one owner, as a thread's checkpoints. */
export const lock = (dataKey: Uint8Array, context: SealContext, plain: Uint8Array): Promise<Uint8Array> =>
  lockBehind(new Uint8Array(), dataKey, context, plain);

async function lockBehind(
  head: Uint8Array,
  dataKey: Uint8Array,
  context: SealContext,
  plain: Uint8Array,
): Promise<Uint8Array> {
  const aad = contextBytes(context);
  const { key, commitment } = expanded(dataKey, aad);
  const nonce = fresh(NONCE);
  const at = head.length + COMMITMENT + NONCE;
  const locked = space(at + plain.length + TAG);
  locked.set(head);
  locked.set(commitment, head.length);
  locked.set(nonce, head.length + COMMITMENT);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(aad);
  await through(cipher, plain, locked, at);
  cipher.final();
  locked.set(cipher.getAuthTag(), at + plain.length);
  return locked;
}

/** @throws SealBroken */
export async function unlock(dataKey: Uint8Array, context: SealContext, locked: Uint8Array): Promise<Uint8Array> {
  const aad = contextBytes(context);
  const { key, commitment } = expanded(dataKey, aad);
  const length = locked.length - COMMITMENT - NONCE - TAG;
  if (length < 0 || !same(commitment, locked.subarray(0, COMMITMENT))) {
    throw new SealBroken('sealed under another key or context');
  }
  const nonce = locked.subarray(COMMITMENT, COMMITMENT + NONCE);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG })
    .setAAD(aad)
    .setAuthTag(locked.subarray(-TAG));
  const plain = space(length);
  await through(decipher, locked.subarray(COMMITMENT + NONCE, -TAG), plain, 0);
  try {
    decipher.final(); // nothing of it is given out before the tag has been checked
  } catch (cause) {
    throw new SealBroken('sealed bytes were altered', { cause });
  }
  return plain;
}

/** Seals one object under a fresh data key, wrapped by `wrapping` and carried in front. 121 bytes longer than `plain`. */
export async function seal(wrapping: Uint8Array, context: SealContext, plain: Uint8Array): Promise<Uint8Array> {
  const dataKey = newKey();
  return lockBehind(concat(Uint8Array.of(VERSION), wrapKey(wrapping, dataKey, context)), dataKey, context, plain);
}

/** @throws SealBroken: what is not sealed is refused as well; plaintext never passes. */
export async function open(wrapping: Uint8Array, context: SealContext, sealed: Uint8Array): Promise<Uint8Array> {
  if (sealed[0] !== VERSION || sealed.length < 1 + WRAPPED) throw new SealBroken('a sealed object was expected');
  const dataKey = unwrapKey(wrapping, sealed.subarray(1, 1 + WRAPPED), context);
  return unlock(dataKey, context, sealed.subarray(1 + WRAPPED));
}
