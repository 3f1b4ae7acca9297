import { LRUCache } from 'lru-cache';
import type { PolicyVersion } from '../../contracts/policy.ts';
import type { ReadPolicy } from './policy-in-force.ts';

/** A project's policy, and the database's clock relative to this process's monotonic one, as last read. */
export interface CachedPolicy {
  inForce: PolicyVersion;
  ahead_ms: number;
}

const KEEP_MS = 5_000;
const MAX_PROJECTS = 10_000;

/** May be stale: the statement that writes a request refuses it when the policy or the clock differs. */
export function createPolicyCache(readPolicy: ReadPolicy) {
  const recent = new LRUCache<string, CachedPolicy>({ max: MAX_PROJECTS, ttl: KEEP_MS });
  return {
    async read(project_id: string): Promise<CachedPolicy> {
      const cached = recent.get(project_id);
      if (cached) return cached;
      const { inForce, now } = await readPolicy(project_id);
      const found = { inForce, ahead_ms: now.getTime() - performance.now() };
      recent.set(project_id, found);
      return found;
    },
    forget: (project_id: string): void => void recent.delete(project_id),
  };
}
