import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import type { LimitedBy, Quota } from '../../domain/limits/limits.ts';

/** Runs `hold` unless too many requests wait already. @throws DomainError `rate_limited` */
export type PendingLimit = <T>(
  principal: Pick<Principal, 'key_id' | 'project_id'>,
  hold: () => Promise<T>,
) => Promise<T>;

/** Counts up to `most` pending requests of a key or, without one, of the project. */
export type CountPending = (project_id: string, key_id: string | undefined, most: number) => Promise<number>;

/** A count this old is not used: other processes open requests too. */
const TRUSTED_MS = 1_000;
/** A refusal is repeated this long without a query. */
const REFUSED_MS = 250;
const MAX_COUNTS = 10_000;
const RETRY_AFTER_S = 30;

interface Count {
  at: number;
  /** At the last look. */
  pending: number;
  /** Held here since. */
  opened: number;
  /** Being written here. */
  underway: number;
  reading: Promise<void> | undefined;
}

/**
 * Pending requests, per key and per project: the attacker fills the inbox of people, who then miss what matters. A count is read once a second
 * while requests are held, and before a refusal; in between this process adds its own. So the limit may be exceeded by what other
 * processes open in a second.
 */
export function createPendingLimit(
  quota: Quota,
  count: CountPending,
  onRefused: (by: LimitedBy) => void,
  clock: () => number = () => performance.now(),
): PendingLimit {
  const counts = new Map<string, Count>();
  const limits = [
    { by: 'key', most: quota.per_key },
    { by: 'project', most: quota.per_project },
  ] as const;

  function countOf(name: string): Count {
    const known = counts.get(name);
    if (known) return known;
    const made = { at: Number.NEGATIVE_INFINITY, pending: 0, opened: 0, underway: 0, reading: undefined };
    counts.set(name, made);
    const [oldest] = counts.keys();
    if (counts.size > MAX_COUNTS && oldest !== undefined) counts.delete(oldest);
    return made;
  }

  /** Looks, unless somebody looks already. */
  function look(found: Count, project_id: string, key_id: string | undefined, most: number): Promise<void> {
    const read = async () => {
      const before = found.opened;
      const pending = await count(project_id, key_id, most);
      // What was written during the look may be counted or not: it counts twice until the next look, rather than not at all.
      Object.assign(found, { at: clock(), pending, opened: found.opened - before });
    };
    const reading =
      found.reading ??
      read().finally(() => {
        found.reading = undefined;
      });
    found.reading = reading;
    return reading;
  }

  return async ({ key_id, project_id }, hold) => {
    const taken: Count[] = [];
    try {
      for (const { by, most } of limits) {
        if (most === Number.POSITIVE_INFINITY) continue;
        const of = by === 'key' ? key_id : undefined;
        const found = countOf(`${project_id} ${of ?? ''}`);
        const isFull = () => found.pending + found.opened + found.underway >= most;
        const age = clock() - found.at;
        const isRefused = found.pending >= most && age <= REFUSED_MS;
        if (age > TRUSTED_MS || (isFull() && !isRefused)) await look(found, project_id, of, most);
        if (isFull()) {
          onRefused(by);
          throw new DomainError(
            'rate_limited',
            `${most.toLocaleString('en')} requests of this ${by} wait for a person already. Nothing was opened.`,
            { retry_after: RETRY_AFTER_S },
          );
        }
        found.underway += 1;
        taken.push(found);
      }
      const held = await hold();
      for (const found of taken) found.opened += 1;
      return held;
    } finally {
      for (const found of taken) found.underway -= 1;
    }
  };
}
