import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { sameSecret } from '../../crypto/api-key.ts';
import { DomainError } from '../../domain/errors.ts';
import type { LimitedBy, Limits } from '../../domain/limits/limits.ts';
import { allowance, secondsUntil } from '../../domain/limits/token-bucket.ts';
import type { SharedBucket, SharedBuckets } from './shared-buckets.ts';

/** Failed attempts to use a key, a session or a sign-in link. */
export interface SignIns {
  /**
   * Before anything is looked up. The attacker tries keys that do not exist, each of which costs a query. A key that was good in this
   * process passes, so that those who share an address with the attacker are not locked out.
   * @throws DomainError `rate_limited`
   */
  begin(address: string | null, key?: { key_id: string; secret_sha256: Uint8Array }): void;
  succeeded(key: { key_id: string; secret_sha256: Uint8Array }): void;
  /**
   * After a failure. Ids of keys are no secrets, so failures of an id refuse only further failures, and never the owner of
   * the secret. @throws DomainError `rate_limited`
   */
  failed(address: string | null, key_id?: string): void;
}

const MAX_GOOD = 10_000;
/** A subscriber has a whole /64, so all its addresses count as one. */
const NETWORK_GROUPS = 4;

/** The address whose failures count together. */
export function networkOf(address: string): string {
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const [front = '', back] = hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [head, tail] = [groups(front), groups(back ?? '')];
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return `${all.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

export function createSignIns(
  { per_address, per_key }: Limits['failed_sign_ins'],
  buckets: SharedBuckets,
  onRefused: (by: LimitedBy) => void,
): SignIns {
  const good = new LRUCache<string, Uint8Array>({ max: MAX_GOOD });
  const [ofAddress, ofKey] = [allowance(per_address), allowance(per_key)];
  const nameOf = (address: string | null) => `address ${networkOf(address ?? '')}`;
  const refuse = (by: LimitedBy, bucket: SharedBucket) => {
    onRefused(by);
    throw new DomainError(
      'rate_limited',
      `Too many failed attempts ${by === 'key' ? 'to use this key' : 'came from this address'}.`,
      { retry_after: Math.max(1, secondsUntil(bucket, 1)) },
    );
  };
  return {
    begin(address, key) {
      if (per_address === Number.POSITIVE_INFINITY) return;
      const bucket = buckets.of(nameOf(address), ofAddress);
      if (bucket.tokens >= 1) return;
      const known = key && good.get(key.key_id);
      if (known && sameSecret(known, key.secret_sha256)) return;
      refuse('address', bucket);
    },
    succeeded({ key_id, secret_sha256 }) {
      if (!good.has(key_id)) good.set(key_id, secret_sha256);
    },
    failed(address, key_id) {
      if (per_address !== Number.POSITIVE_INFINITY) buckets.take(buckets.of(nameOf(address), ofAddress));
      if (key_id === undefined || per_key === Number.POSITIVE_INFINITY) return;
      const bucket = buckets.of(`key ${key_id}`, ofKey);
      if (bucket.tokens < 1) refuse('key', bucket);
      buckets.take(bucket);
    },
  };
}
