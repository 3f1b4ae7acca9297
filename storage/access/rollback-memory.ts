import { LRUCache } from 'lru-cache';

/** What once counted and counts no longer, as this process has seen it. */
export interface RollbackMemory {
  revokedKeys: SeenIds;
  endedSessions: SeenIds;
  usedLinks: SeenIds;
  policies: SeenVersions;
}

interface SeenIds {
  has(id: string): boolean;
  add(id: string): void;
}

interface SeenVersions {
  /** Whether a higher version of this project was seen. */
  isOlder(project_id: string, version: number): boolean;
  saw(project_id: string, version: number): void;
}

const MAX_IDS = 50_000;
const MAX_PROJECTS = 10_000;

function seenIds(): SeenIds {
  const ids = new LRUCache<string, true>({ max: MAX_IDS });
  return { has: (id) => ids.has(id), add: (id) => void ids.set(id, true) };
}

function seenVersions(): SeenVersions {
  const highest = new LRUCache<string, number>({ max: MAX_PROJECTS });
  const of = (project_id: string) => highest.get(project_id) ?? 0;
  return {
    isOlder: (project_id, version) => version < of(project_id),
    saw: (project_id, version) => void highest.set(project_id, Math.max(version, of(project_id))),
  };
}

/**
 * The memory of one process. The attacker writes to the database and brings an older authentic row back: a key without its revocation,
 * an ended session, a used sign-in link, the policy before. This process refuses it. A process that starts afterwards has no memory.
 * Only authentic rows are remembered, so that inserted rows do not push out what was seen.
 */
export const createRollbackMemory = (): RollbackMemory => ({
  revokedKeys: seenIds(),
  endedSessions: seenIds(),
  usedLinks: seenIds(),
  policies: seenVersions(),
});

/**
 * A read that began before a revocation may end after it: what looks brought back is read once more. The second read begins after the
 * newer state was seen, so it returns that state unless somebody removed it.
 */
export async function readCurrent<T>(read: () => Promise<T>, isBack: (found: T) => boolean): Promise<T> {
  const found = await read();
  return isBack(found) ? read() : found;
}
