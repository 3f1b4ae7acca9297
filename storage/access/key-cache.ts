import { LRUCache } from 'lru-cache';
import type { KeyRow } from './api-keys.ts';

const TRUSTED_MS = 1_000;
const MOST_KEYS = 10_000;

/** API keys as they were read a moment ago. */
export interface KeyCache {
  read(id: string, look: () => Promise<KeyRow | undefined>): Promise<KeyRow | undefined>;
  forget(id: string): void;
}

/**
 * An agent that calls often need not be looked up each time. The attacker is whoever holds a key that was revoked: every api
 * drops it with the notice of the commit, within milliseconds, and one whose notices are lost trusts it for a second at most.
 * An unknown key is looked up each time.
 */
export function createKeyCache(): KeyCache {
  const recent = new LRUCache<string, KeyRow>({ max: MOST_KEYS, ttl: TRUSTED_MS });
  /** Rises with each key that is dropped: what was being read meanwhile may be from before. */
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
