import { createHash } from 'node:crypto';

/** SHA-256 of the parts, one after the other: ten times as fast as in JavaScript, which domain/ falls back on. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
