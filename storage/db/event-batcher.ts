import type { Pool } from 'pg';
import { type NoticeKind, requestNotice, sendRequestNotices } from './notices.ts';

/** Batch window: imperceptible to a person, coalesces bursts, and lets `held` replace `opened`. */
const WINDOW_MS = 100;
/** Somebody may wait for the others: they are sent in the turn in which they are added. */
const GATHERED: readonly NoticeKind[] = ['approval_request.opened', 'approval_request.held', 'settled'];
const MAX_WAITING = 20_000;
const MAX_TRIES = 5;
const RETRY_MS = 500;

/** Notifies every api of what this process has committed. No caller waits for that. */
export interface EventBatcher {
  /** Queues the notice of a committed event. Returns at once. */
  add(kind: NoticeKind, request_id: string): void;
  /** Resolves when all are sent, or one statement has failed. */
  end(): Promise<void>;
}

/**
 * A NOTIFY holds one lock of the whole server until its commit is flushed, so commits with one wait for each other. Events are
 * therefore sent after their commits, those that wait by one statement, one statement at a time. A notice can be lost with this process:
 * no outcome and no deadline depends on one (`docs/operations.md`, "Notices").
 */
export function createEventBatcher(pool: Pool): EventBatcher {
  let waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let isUrgent = false;
  let failures = 0;

  const send = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (!sending && waiting.size > 0) sending = sent(waiting);
    return sending ?? Promise.resolve();
  };
  async function sent(batch: Set<string>): Promise<void> {
    waiting = new Set();
    isUrgent = false;
    try {
      await sendRequestNotices(pool, [...batch]);
      failures = 0;
    } catch {
      // While the database is unavailable, listeners lose their connections too, and read the state when they reconnect.
      failures = (failures + 1) % MAX_TRIES;
      if (failures > 0) waiting = new Set([...batch, ...waiting]);
    }
    sending = undefined;
    if (failures > 0) timer ??= setTimeout(send, RETRY_MS).unref();
    else if (isUrgent) await send();
    else if (waiting.size > 0) timer ??= setTimeout(send, WINDOW_MS);
  }

  return {
    add(kind, request_id) {
      if (waiting.size >= MAX_WAITING) return;
      waiting.add(requestNotice(kind, request_id));
      // `held` implies it.
      if (kind === 'approval_request.held') waiting.delete(requestNotice('approval_request.opened', request_id));
      if (GATHERED.includes(kind)) timer ??= setTimeout(send, WINDOW_MS);
      else {
        isUrgent = true;
        void send();
      }
    },
    async end() {
      do await send();
      while (waiting.size > 0 && failures === 0);
    },
  };
}
