import type { Pool } from 'pg';
import type { RequestRecord } from '../../domain/approval/record.ts';
import type { RequestEvent } from '../../domain/approval/request-event.ts';
import { notifyAll } from './events.ts';

/** Batch window: imperceptible to a person, and it coalesces bursts. */
const WINDOW_MS = 20;

/** Sends the events of requests that the firewall closed. No caller waits for them. */
export interface EventBatcher {
  /** Queues the events `opened` and `resolved` of a request. Returns at once. */
  add(request: RequestRecord): void;
  /** Resolves when all are sent. */
  end(): Promise<void>;
}

const eventsOf = ({ id, project_id, key_id, created_at }: RequestRecord): RequestEvent[] =>
  (['approval_request.opened', 'approval_request.resolved'] as const).map((event) => ({
    event,
    request_id: id,
    project_id,
    key_id,
    occurred_at: created_at.toISOString(),
  }));

/**
 * A NOTIFY makes its commit more expensive and wakes every listening process, so the events of allowed actions are sent after
 * the answer, in batches. Events that are lost with this process are missed by readers of the event stream only: events that an
 * outcome or a deadline depends on are sent in their own transaction.
 */
export function createEventBatcher(pool: Pool): EventBatcher {
  let batch: RequestRecord[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = batch.flatMap(eventsOf);
    batch = [];
    // If the database is unavailable, listeners have lost their connections too, and read the state when they reconnect.
    if (events.length > 0) sending = notifyAll(pool, events).catch(() => {});
    return sending;
  };
  return {
    add(request) {
      batch.push(request);
      timer ??= setTimeout(send, WINDOW_MS);
    },
    end: send,
  };
}
