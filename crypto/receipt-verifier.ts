import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { kidOf, signedBytes } from './signing.ts';

const MAX_VERIFIED = 5_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** A receipt with an unknown key reads the keys again, at most this often. */
const RELOAD_MS = 1_000;

/** The signed bytes of a receipt of this deployment; undefined for any other text. */
export type VerifyReceipt = (receipt: string) => Promise<Buffer | undefined>;

/**
 * Verifies receipts with the deployment's own keys. The attacker writes to the database and has no root key: `load` returns keys that
 * the root key unsealed, so a key of theirs is not among them. Verified receipts are cached.
 */
export function createReceiptVerifier(load: () => Promise<Map<string, KeyObject>>): VerifyReceipt {
  const verified = new LRUCache<string, Buffer>({
    max: MAX_VERIFIED,
    maxSize: MAX_BYTES,
    sizeCalculation: (bytes, receipt) => 2 * receipt.length + bytes.length,
  });
  let keys = new Map<string, KeyObject>();
  let loaded = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;
  const reload = async (): Promise<void> => {
    const wait = loaded + RELOAD_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    keys = await load();
    loaded = performance.now();
  };
  /** Concurrent calls share one load. It may have begun before the key was written, so an unknown key is looked up twice. */
  const keyOf = async (kid: string): Promise<KeyObject | undefined> => {
    for (let look = 0; look < 2 && !keys.has(kid); look++) {
      loading ??= reload().finally(() => {
        loading = undefined;
      });
      await loading;
    }
    return keys.get(kid);
  };
  return async (receipt) => {
    const known = verified.get(receipt);
    if (known) return known;
    const kid = kidOf(receipt);
    const key = kid === undefined ? undefined : await keyOf(kid);
    const bytes = key && signedBytes(receipt, key);
    if (bytes) verified.set(receipt, bytes);
    return bytes;
  };
}
