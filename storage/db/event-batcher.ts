import type { Pool } from 'pg';
import type { RequestRecord } from '../../domain/approval/record.ts';
import type { RequestEvent } from '../../domain/approval/request-event.ts';
import { notifyAll } from './events.ts';

/** A person would not see less, and a busy api tells many at once. */
const GATHER_MS = 20;

/** Notices of what the firewall settled by itself: nobody waits for these. */
export interface EventBatcher {
  /** That this request was opened and resolved. Returns at once. */
  add(request: RequestRecord): void;
  /** Resolves when all are sent. */
  end(): Promise<void>;
}

const noticesOf = ({ id, project_id, key_id, created_at }: RequestRecord): RequestEvent[] =>
  (['approval_request.opened', 'approval_request.resolved'] as const).map((event) => ({
    event,
    request_id: id,
    project_id,
    key_id,
    occurred_at: created_at.toISOString(),
  }));

/**
 * Every notice wakes each process that listens, and a NOTIFY makes its commit dearer: an allowed action is told after its answer,
 * with all others of a moment. One that is lost with this process is missed by readers of the event stream, and by nobody
 * else: what an outcome or a deadline depends on is notified in its own transaction.
 */
export function createEventBatcher(pool: Pool): EventBatcher {
  let gathered: RequestRecord[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const notices = gathered.flatMap(noticesOf);
    gathered = [];
    // Without a connection whoever listens has lost his own, too, and looks for himself when it is back.
    if (notices.length > 0) sending = notifyAll(pool, notices).catch(() => {});
    return sending;
  };
  return {
    add(request) {
      gathered.push(request);
      timer ??= setTimeout(send, GATHER_MS);
    },
    end: send,
  };
}
