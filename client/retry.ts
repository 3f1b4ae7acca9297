import { LetsPingError } from './errors.ts';

const FIRST_MS = 200;
export const MAX_BACKOFF_MS = 10_000;
/** Upper limit for the server's `Retry-After`. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Pause before retry `attempt` (0 is the first), in milliseconds: doubling, capped, half of it random. */
export const backoffMs = (attempt: number): number =>
  Math.min(MAX_BACKOFF_MS, FIRST_MS * 2 ** attempt) * (0.5 + Math.random() / 2);

/** `Retry-After` in milliseconds: seconds or a date. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** Whether a retry may succeed. Every call of this client is safe to repeat. Data that was tampered with waits for an operator. */
export const isTransient = (error: unknown): error is LetsPingError =>
  error instanceof LetsPingError &&
  error.problemCode !== 'not_authentic' &&
  (error.code === 'LETSPING_NETWORK' ||
    error.status === 408 ||
    error.status === 429 ||
    (error.status !== undefined && error.status >= 500) ||
    error.problemCode === 'idempotency_key_in_use');

/** Resolves after `ms`, or rejects with the signal's reason when it is aborted. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });

/**
 * Retries until success, a permanent failure, or the time limit; then throws the last error.
 */
export async function retrying<T>(
  call: () => Promise<T>,
  { forMs, signal }: { forMs: number; signal?: AbortSignal | undefined },
): Promise<T> {
  const end = Date.now() + forMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isTransient(error)) throw error;
      const wait = error.retryAfterMs ?? backoffMs(attempt);
      if (Date.now() + wait >= end) throw error;
      await pause(wait, signal);
    }
  }
}
