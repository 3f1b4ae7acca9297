/**
 * Held status reads: a second read of a pending request by the same key waits for its outcome, so that a polling client gets a
 * decision within a round trip. The wait is below the 30 s after which the published Python client gives up. The first read is
 * answered at once, so single reads stay fast.
 */
export interface StatusWaiters {
  /** Whether this read should wait: the key read this request within the last 30 s, and is below its limit. Records the read. */
  shouldHold(key_id: string, request_id: string): boolean;
  /** Resolves when the request is resolved, the time is up or the caller has disconnected. */
  wait(key_id: string, request_id: string, signal: AbortSignal): Promise<void>;
  resolved(request_id: string): void;
  /** Ends every wait: events may have been missed, so each read queries the database. */
  wakeAll(): void;
  readonly waiting: number;
}

const RECENT_MS = 30_000;
const MAX_PER_KEY = 200;
const MAX_REMEMBERED = 50_000;

export function createStatusWaiters(holdMs: number): StatusWaiters {
  const lastRead = new Map<string, number>();
  const perKey = new Map<string, number>();
  const waiters = new Map<string, Set<() => void>>();

  const remember = (id: string, now: number) => {
    lastRead.delete(id);
    lastRead.set(id, now);
    if (lastRead.size <= MAX_REMEMBERED) return;
    const oldest = lastRead.keys().next().value;
    if (oldest !== undefined) lastRead.delete(oldest);
  };

  return {
    shouldHold(key_id, request_id) {
      const id = `${key_id} ${request_id}`;
      const now = Date.now();
      const recent = now - (lastRead.get(id) ?? Number.NEGATIVE_INFINITY) <= RECENT_MS;
      remember(id, now);
      return holdMs > 0 && recent && (perKey.get(key_id) ?? 0) < MAX_PER_KEY;
    },
    async wait(key_id, request_id, signal) {
      const set = waiters.get(request_id) ?? new Set();
      waiters.set(request_id, set);
      perKey.set(key_id, (perKey.get(key_id) ?? 0) + 1);
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
      const left = (perKey.get(key_id) ?? 1) - 1;
      if (left > 0) perKey.set(key_id, left);
      else perKey.delete(key_id);
      remember(`${key_id} ${request_id}`, Date.now());
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
