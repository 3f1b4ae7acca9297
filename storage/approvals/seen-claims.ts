import { LRUCache } from 'lru-cache';
import { type ClaimRecord, progressOf } from '../../domain/approval/permit.ts';

/**
 * How far permits had come when this process wrote or read their claims. The attacker writes to the database: they would remove a claim,
 * or bring back a copy from before its end, so that the approval is used again. A process that has seen more refuses; a restart
 * forgets, and so does a process with more requests than this.
 */
export interface SeenClaims {
  /** 0: nothing was seen. */
  progress(project_id: string, request_id: string): number;
  saw(project_id: string, claim: ClaimRecord): void;
}
const MAX_SEEN = 100_000;

/** By project: a key of another project finds no row of this request, and that is no rollback. */
export function seenClaims(): SeenClaims {
  const seen = new LRUCache<string, number>({ max: MAX_SEEN });
  const nameOf = (project_id: string, request_id: string) => `${project_id} ${request_id}`;
  return {
    progress: (project_id, request_id) => seen.get(nameOf(project_id, request_id)) ?? 0,
    saw(project_id, claim) {
      const name = nameOf(project_id, claim.request_id);
      seen.set(name, Math.max(progressOf(claim), seen.get(name) ?? 0));
    },
  };
}
