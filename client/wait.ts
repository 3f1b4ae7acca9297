import type { StatusAnswer } from '../contracts/approval-request.ts';
import { LetsPingError } from './errors.ts';
import { backoffMs, isTransient, pause } from './retry.ts';

export interface WaitOptions {
  /** Limit in milliseconds, after which LetsPingError `LETSPING_TIMEOUT` is thrown. @default 24 hours */
  timeoutMs?: number | undefined;
  /** Aborts the wait with its reason. */
  signal?: AbortSignal | undefined;
}

export const DEFAULT_TIMEOUT_MS = 24 * 60 * 60 * 1_000;
/** A server that holds reads answers PENDING after many seconds. One that answers sooner does not hold; polls to it are spaced out. */
const HELD_MS = 1_000;
/** The server holds a read for at most 25 seconds; a longer silence means a dead connection. */
export const READ_TIMEOUT_MS = 40_000;

/**
 * Reads the status until it is decided. The server holds each repeated read until the decision, so the next read follows
 * at once and there is no polling interval. Outages are retried until the time limit.
 */
export async function waitForAnswer(
  id: string,
  read: (timeoutMs: number) => Promise<StatusAnswer>,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: WaitOptions,
): Promise<StatusAnswer> {
  const end = Date.now() + timeoutMs;
  /** Consecutive answers that came too soon to have been held. The first read is never held, so it does not count. */
  let unheld = -1;
  let failures = 0;
  let failure: unknown;
  for (;;) {
    const started = Date.now();
    if (started >= end) {
      throw new LetsPingError('LETSPING_TIMEOUT', `request ${id} was not decided within ${timeoutMs} ms`, {
        requestId: id,
        cause: failure,
      });
    }
    let wait = 0;
    try {
      const answer = await read(Math.min(READ_TIMEOUT_MS, end - started));
      if (answer.status !== 'PENDING') return answer;
      failure = undefined;
      failures = 0;
      unheld = Date.now() - started < HELD_MS ? unheld + 1 : 0;
      if (unheld > 0) wait = backoffMs(unheld - 1);
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (Date.now() < end) failure = error;
      unheld = -1;
      wait = error.retryAfterMs ?? backoffMs(failures++);
    }
    if (wait > 0) await pause(Math.min(wait, Math.max(0, end - Date.now())), signal);
  }
}
