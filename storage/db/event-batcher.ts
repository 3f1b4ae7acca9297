import type { Pool } from 'pg';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { notifySettled } from './notices.ts';

/** Batch window: imperceptible to a person, and it coalesces bursts. */
const WINDOW_MS = 20;

/** Notifies every api of requests that the firewall closed. No caller waits for that. */
export interface EventBatcher {
  /** Queues a request that is opened and resolved. Returns at once. */
  add(request: RequestRecord): void;
  /** Resolves when all are sent. */
  end(): Promise<void>;
}

/**
 * A NOTIFY makes its commit more expensive and wakes every listening process, so the events of allowed actions are sent after
 * the answer, in batches. Events that are lost with this process are missed by readers of the event stream only: events that an
 * outcome or a deadline depends on are sent in their own transaction.
 */
export function createEventBatcher(pool: Pool): EventBatcher {
  let batch: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const request_ids = batch;
    batch = [];
    // If the database is unavailable, listeners have lost their connections too, and read the state when they reconnect.
    if (request_ids.length > 0) sending = notifySettled(pool, request_ids).catch(() => {});
    return sending;
  };
  return {
    add(request) {
      batch.push(request.id);
      timer ??= setTimeout(send, WINDOW_MS);
    },
    end: send,
  };
}
