import type { Pool } from 'pg';
import { type Notice, notifyAll } from './events.ts';

/** A person would not see less, and a busy api tells many at once. */
const GATHER_MS = 20;

/** Notices of what the firewall settled by itself: nobody waits for these. */
export interface Notices {
  /** Returns at once. */
  add(...notices: Notice[]): void;
  /** Resolves when all are sent. */
  end(): Promise<void>;
}

/**
 * Every notice wakes each process that listens, and a NOTIFY makes its commit dearer: an allowed action is told after its answer,
 * with all others of a moment. One that is lost with this process is missed by readers of the event stream, and by nobody
 * else: what an outcome or a deadline depends on is notified in its own transaction.
 */
export function createNotices(pool: Pool): Notices {
  let gathered: Notice[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const notices = gathered;
    gathered = [];
    // Without a connection whoever listens has lost his own, too, and looks for himself when it is back.
    if (notices.length > 0) sending = notifyAll(pool, notices).catch(() => {});
    return sending;
  };
  return {
    add(...notices) {
      gathered.push(...notices);
      timer ??= setTimeout(send, GATHER_MS);
    },
    end: send,
  };
}
