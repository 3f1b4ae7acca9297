import { randomBytes } from 'node:crypto';
import type { RequestEvent } from '../../domain/approval/request-event.ts';

export interface NumberedEvent extends RequestEvent {
  id: string;
}

/** Fan-out of events to readers of the event stream. The last ten minutes are kept, for readers that reconnect. */
export interface EventHub {
  publish(event: RequestEvent): void;
  /** Events may have been missed: every reader is reset, and reads the requests again. */
  gap(): void;
  /** Calls `onEvent` for each later event, and before that for those after `lastEventId`; `onReset` if these are no longer kept. */
  subscribe(lastEventId: string | undefined, onEvent: (event: NumberedEvent) => void, onReset: () => void): () => void;
}

const KEEP_MS = 10 * 60_000;
const KEEP_COUNT = 50_000;

export function createEventHub(): EventHub {
  /** Distinguishes this process from others and from itself before a restart: their event ids cannot be resumed from. */
  const epoch = randomBytes(4).toString('hex');
  const buffer: { at: number; event: NumberedEvent }[] = [];
  const readers = new Set<{ onEvent: (event: NumberedEvent) => void; onReset: () => void }>();
  let sequence = 0;
  let trimmed = 0;

  return {
    publish(published) {
      const event = { ...published, id: `${epoch}-${++sequence}` };
      const now = Date.now();
      buffer.push({ at: now, event });
      while (buffer.length > KEEP_COUNT || (buffer[0] && now - buffer[0].at > KEEP_MS)) {
        buffer.shift();
        trimmed += 1;
      }
      for (const reader of readers) reader.onEvent(event);
    },
    gap() {
      trimmed += buffer.length;
      buffer.length = 0;
      for (const reader of readers) reader.onReset();
    },
    subscribe(lastEventId, onEvent, onReset) {
      const reader = { onEvent, onReset };
      readers.add(reader);
      if (lastEventId !== undefined) {
        const [theirs, number] = lastEventId.split('-');
        const seen = Number(number);
        if (theirs !== epoch || !Number.isInteger(seen) || seen < trimmed || seen > sequence) onReset();
        else for (const { event } of buffer.slice(seen - trimmed)) onEvent(event);
      }
      return () => readers.delete(reader);
    },
  };
}
