import { randomBytes } from 'node:crypto';
import type { RequestEvent } from '../../domain/approval/request-event.ts';

export interface Numbered extends RequestEvent {
  id: string;
}

/** Fan-out of notices to server-sent-event readers, with the last ten minutes to resume from. */
export interface EventHub {
  publish(notice: RequestEvent): void;
  /** Notices may have been missed: readers are told to fetch again. */
  gap(): void;
  /** Calls `onEvent` for each later notice; what came after `lastEventId` first. `onReset` when that is not known any more. */
  subscribe(lastEventId: string | undefined, onEvent: (event: Numbered) => void, onReset: () => void): () => void;
}

const KEEP_MS = 10 * 60_000;
const KEEP_COUNT = 50_000;

export function createEventHub(): EventHub {
  /** Ids of another process or of an earlier life are not ours to resume from. */
  const epoch = randomBytes(4).toString('hex');
  const buffer: { at: number; event: Numbered }[] = [];
  const readers = new Set<{ onEvent: (event: Numbered) => void; onReset: () => void }>();
  let sequence = 0;
  let trimmed = 0;

  return {
    publish(notice) {
      const event = { ...notice, id: `${epoch}-${++sequence}` };
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
