import type { Principal } from '../../domain/access/permissions.ts';
import type { InUse } from '../limits/in-use.ts';

/**
 * Held status reads: a second read of a pending request by the same key waits for its outcome, so that a polling client gets a
 * decision within a round trip. The wait is below the 30 s after which the published Python client gives up. The first read is
 * answered at once, so single reads stay fast.
 */
export interface StatusWaiters {
  /**
   * Resolves when the request is resolved, the time is up or the caller has disconnected. Undefined: this read is not held, because
   * the key did not read this request within the last 30 s, or the limit of held reads is reached.
   */
  wait(
    who: Pick<Principal, 'key_id' | 'project_id'>,
    request_id: string,
    signal: AbortSignal,
  ): Promise<void> | undefined;
  resolved(request_id: string): void;
  /** Ends every wait: events may have been missed, so each read queries the database. */
  wakeAll(): void;
  readonly waiting: number;
}

const RECENT_MS = 30_000;
const MAX_REMEMBERED = 50_000;

export function createStatusWaiters(holdMs: number, heldReads: InUse): StatusWaiters {
  const lastRead = new Map<string, number>();
  const waiters = new Map<string, Set<() => void>>();

  const remember = (id: string, now: number) => {
    lastRead.delete(id);
    lastRead.set(id, now);
    if (lastRead.size <= MAX_REMEMBERED) return;
    const oldest = lastRead.keys().next().value;
    if (oldest !== undefined) lastRead.delete(oldest);
  };

  async function held(request_id: string, signal: AbortSignal): Promise<void> {
    const set = waiters.get(request_id) ?? new Set();
    waiters.set(request_id, set);
    let wake: () => void = () => {};
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      set.add(wake);
      timer = setTimeout(resolve, holdMs);
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    clearTimeout(timer);
    set.delete(wake);
    if (set.size === 0) waiters.delete(request_id);
  }

  return {
    wait(who, request_id, signal) {
      const id = `${who.key_id} ${request_id}`;
      const now = Date.now();
      const isRecent = now - (lastRead.get(id) ?? Number.NEGATIVE_INFINITY) <= RECENT_MS;
      remember(id, now);
      const leave = holdMs > 0 && isRecent ? heldReads.take(who) : undefined;
      if (typeof leave !== 'function') return undefined;
      return held(request_id, signal).finally(() => {
        leave();
        remember(id, Date.now());
      });
    },
    resolved: (request_id) => {
      for (const wake of waiters.get(request_id) ?? []) wake();
    },
    wakeAll: () => {
      for (const set of waiters.values()) for (const wake of set) wake();
    },
    get waiting() {
      return [...waiters.values()].reduce((sum, set) => sum + set.size, 0);
    },
  };
}
