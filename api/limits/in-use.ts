import type { Principal } from '../../domain/access/permissions.ts';
import type { LimitedBy, Quota } from '../../domain/limits/limits.ts';

type Who = Pick<Principal, 'key_id' | 'project_id'>;

/** What callers hold open at this process: event streams, held reads, or large bodies. */
export interface InUse {
  /** Takes a place. Returns what gives it back (once), or whose limit is reached. */
  take(who: Who): (() => void) | { full: LimitedBy; most: number };
  /** Places that this key has taken. */
  ofKey(who: Who): number;
}

export function createInUse(quota: Quota, onRefused: (by: LimitedBy) => void): InUse {
  const counts = new Map<string, number>();
  const used = (name: string) => counts.get(name) ?? 0;
  const change = (name: string, by: number) => {
    const left = used(name) + by;
    if (left > 0) counts.set(name, left);
    else counts.delete(name);
  };
  const keyOf = ({ project_id, key_id }: Who) => `${project_id} ${key_id}`;
  return {
    ofKey: (who) => used(keyOf(who)),
    take(who) {
      const [key, project] = [keyOf(who), who.project_id];
      const full: LimitedBy | undefined =
        used(key) >= quota.per_key ? 'key' : used(project) >= quota.per_project ? 'project' : undefined;
      if (full) {
        onRefused(full);
        return { full, most: full === 'key' ? quota.per_key : quota.per_project };
      }
      change(key, 1);
      change(project, 1);
      let isGivenBack = false;
      return () => {
        if (isGivenBack) return;
        isGivenBack = true;
        change(key, -1);
        change(project, -1);
      };
    },
  };
}
