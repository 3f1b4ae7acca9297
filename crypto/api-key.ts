import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `lp_live_` or `lp_test_`, a 26-character key id, 43 characters of secret (256 bits, base64url), 8 hex digits of CRC-32, so that a
 * typo is told from an unknown key offline and secret scanners can be sure. Only SHA-256 of the secret is stored: with 256
 * random bits a slow hash adds nothing.
 */
const KEY = /^lp_(?:live|test)_([0-7][0-9a-hjkmnp-tv-z]{25})([A-Za-z0-9_-]{43})([0-9a-f]{8})$/;

const digestOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');
const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0');

/** A new key for the row `key_id` (`key_…`), and what to store of it. The key itself is shown once. */
export function newApiKey(key_id: string, environment: 'live' | 'test'): { api_key: string; secret_sha256: Buffer } {
  const secret = randomBytes(32).toString('base64url');
  const body = `lp_${environment}_${key_id.slice('key_'.length)}${secret}`;
  return { api_key: body + checksum(body), secret_sha256: digestOf(secret) };
}

/** The parts of a key from outside; undefined for anything that cannot be one. */
export function parseApiKey(text: string): { key_id: string; secret_sha256: Buffer } | undefined {
  const match = KEY.exec(text);
  if (!match || checksum(text.slice(0, -8)) !== match[3]) return undefined;
  return { key_id: `key_${match[1]}`, secret_sha256: digestOf(match[2]!) };
}

/** In constant time. */
export const sameSecret = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

/** A bearer token of our own making (sessions, one-time links), and the hash that is stored of it. */
export function newToken(): { token: string; token_sha256: Buffer } {
  const token = randomBytes(32).toString('base64url');
  return { token, token_sha256: digestOf(token) };
}

export const tokenHash = (token: string): Buffer => digestOf(token);
