import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { kidOf, signedBytes } from './signing.ts';

const MAX_VERIFIED = 5_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** A receipt with an unknown key reads the keys again, at most this often. */
const RELOAD_MS = 1_000;

/** Known keys are read again after this, so that a revocation takes effect. */
const KEEP_MS = 10_000;

export interface VerifyingKey {
  key: KeyObject;
  /** Since when somebody else may sign with it. */
  revoked_at?: Date;
}

export interface VerifiedReceipt {
  bytes: Buffer;
  revoked_at?: Date | undefined;
}

/** The signed bytes of a receipt of this deployment; undefined for any other text. */
export type VerifyReceipt = (receipt: string) => Promise<VerifiedReceipt | undefined>;

/**
 * Verifies receipts with the deployment's own keys. The attacker writes to the database and has no root key: `load` returns keys that
 * the root key unsealed, so a key of theirs is not among them. Verified receipts are cached.
 */
export function createReceiptVerifier(load: () => Promise<Map<string, VerifyingKey>>): VerifyReceipt {
  const verified = new LRUCache<string, Buffer>({
    max: MAX_VERIFIED,
    maxSize: MAX_BYTES,
    sizeCalculation: (bytes, receipt) => 2 * receipt.length + bytes.length,
  });
  let keys = new Map<string, VerifyingKey>();
  let loaded = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;
  const reload = async (): Promise<void> => {
    const wait = loaded + RELOAD_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    keys = await load();
    loaded = performance.now();
  };
  /** Concurrent calls share one load. It may have begun before the key was written, so an unknown key is looked up twice. */
  const keyOf = async (kid: string): Promise<VerifyingKey | undefined> => {
    const isOld = () => performance.now() - loaded > KEEP_MS;
    for (let look = 0; look < 2 && (isOld() || !keys.has(kid)); look++) {
      loading ??= reload().finally(() => {
        loading = undefined;
      });
      await loading;
    }
    return keys.get(kid);
  };
  return async (receipt) => {
    const kid = kidOf(receipt);
    const found = kid === undefined ? undefined : await keyOf(kid);
    const bytes = found && (verified.get(receipt) ?? signedBytes(receipt, found.key));
    if (!bytes) return undefined;
    verified.set(receipt, bytes);
    return { bytes, revoked_at: found.revoked_at };
  };
}
