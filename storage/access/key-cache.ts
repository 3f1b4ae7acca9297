import { LRUCache } from 'lru-cache';
import type { KeyRow } from './api-keys.ts';

/** With the 500 ms of a sweep (`api/live/grants.ts`) below a second: a stream may open at the end of this. */
const TRUSTED_MS = 400;
const MOST_KEYS = 10_000;

/** API keys that were read up to 400 ms ago. */
export interface KeyCache {
  read(id: string, look: () => Promise<KeyRow | undefined>): Promise<KeyRow | undefined>;
  forget(id: string): void;
}

/**
 * Saves the lookup for agents that call often. The attacker holds a revoked key: every api drops it with the notification of
 * the commit, within milliseconds, and an api that misses the notification trusts the key for 400 ms at most. Unknown keys
 * are not cached.
 */
export function createKeyCache(): KeyCache {
  const recent = new LRUCache<string, KeyRow>({ max: MOST_KEYS, ttl: TRUSTED_MS });
  /** Counts dropped keys: a read that was in progress meanwhile may be stale. */
  let drops = 0;
  return {
    async read(id, look) {
      const known = recent.get(id);
      if (known) return known;
      const before = drops;
      const found = await look();
      if (found && before === drops) recent.set(id, found);
      return found;
    },
    forget(id) {
      drops += 1;
      recent.delete(id);
    },
  };
}
