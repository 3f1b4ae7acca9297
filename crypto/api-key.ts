import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `lp_live_` or `lp_test_`, a key id of 26 characters, a secret of 43 characters (256 bits, base64url), and 8 hex digits of
 * CRC-32. The checksum detects typos without a query and lets secret scanners avoid false alarms. Only SHA-256 of the secret is
 * stored: a slow hash adds nothing to 256 random bits.
 */
const KEY = /^lp_(?:live|test)_([0-7][0-9a-hjkmnp-tv-z]{25})([A-Za-z0-9_-]{43})([0-9a-f]{8})$/;

const digestOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');
const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0');

/** Creates a key for the row `key_id` (`key_…`), and the hash to store. The key itself is shown once. */
export function newApiKey(key_id: string, environment: 'live' | 'test'): { api_key: string; secret_sha256: Buffer } {
  const secret = randomBytes(32).toString('base64url');
  const body = `lp_${environment}_${key_id.slice('key_'.length)}${secret}`;
  return { api_key: body + checksum(body), secret_sha256: digestOf(secret) };
}

/** Parses a key from outside; undefined if it is malformed. */
export function parseApiKey(text: string): { key_id: string; secret_sha256: Buffer } | undefined {
  const match = KEY.exec(text);
  if (!match || checksum(text.slice(0, -8)) !== match[3]) return undefined;
  return { key_id: `key_${match[1]}`, secret_sha256: digestOf(match[2]!) };
}

/** In constant time. */
export const sameSecret = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

/** Creates a bearer token (for a session or a one-time link), and the hash to store. */
export function newToken(): { token: string; token_sha256: Buffer } {
  const token = randomBytes(32).toString('base64url');
  return { token, token_sha256: digestOf(token) };
}

export const tokenHash = (token: string): Buffer => digestOf(token);
