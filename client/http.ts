import { isPublishedCode, publishedCode } from '../contracts/error-codes.ts';
import { isObject } from '../contracts/is-object.ts';
import type { Problem } from '../contracts/problem.ts';
import { LetsPingError } from './errors.ts';
import { retryAfterMs } from './retry.ts';

export interface HttpOptions {
  apiBase: string;
  apiKey: string;
  fetch?: typeof globalThis.fetch | undefined;
}

export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below `…/api`, with a leading slash. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** The call fails if the answer is not complete after this time. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** One attempt: the parsed JSON of a 2xx with its status, or a LetsPingError. */
export interface Http {
  send<T>(call: ApiCall): Promise<{ status: number; body: T }>;
  /** The answer as a stream, for server-sent events. The caller reads or cancels it. */
  stream(call: Omit<ApiCall, 'timeoutMs' | 'body'>): Promise<Response>;
}

/** An abort for the timeout. It removes its listener from the caller's signal, which may outlive thousands of calls. */
function abortAfter(ms: number, signal: AbortSignal | undefined): { signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new DOMException('no answer in time', 'TimeoutError')),
    Math.max(0, ms),
  );
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

function refusal(response: Response, text: string): LetsPingError {
  const { status } = response;
  if (status === 0 || (status >= 300 && status < 400)) {
    return new LetsPingError(
      'LETSPING_BAD_ANSWER',
      'the server answered with a redirect: the base URL must be its final address',
      { status },
    );
  }
  const body = parsed(text);
  const problem = isObject(body) ? (body as Partial<Problem>) : undefined;
  const detail = [problem?.detail, problem?.message, problem?.error].find(
    (word) => typeof word === 'string' && word !== '',
  );
  const published =
    typeof problem?.code === 'string' && isPublishedCode(problem.code) ? problem.code : publishedCode(status);
  return new LetsPingError(published, detail ?? `the server answered ${status}`, {
    status,
    problem,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
  });
}

export function createHttp({ apiBase, apiKey, fetch = globalThis.fetch }: HttpOptions): Http {
  const request = ({ method, path, body, headers, signal }: Omit<ApiCall, 'timeoutMs'>) =>
    fetch(`${apiBase}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      // Following a redirect would turn a POST into a GET, or send the key to another server.
      redirect: 'manual',
    });

  /** Wraps a failed connection. An abort by the caller is rethrown unchanged. */
  const failed = (error: unknown, signal: AbortSignal | undefined): unknown =>
    signal?.aborted
      ? signal.reason
      : new LetsPingError('LETSPING_NETWORK', `no answer from ${apiBase}: ${messageOf(error)}`, { cause: error });

  return {
    async send<T>({ timeoutMs, signal, ...call }: ApiCall) {
      const abort = abortAfter(timeoutMs, signal);
      let response: Response;
      let text: string;
      try {
        response = await request({ ...call, signal: abort.signal });
        text = await response.text();
      } catch (error) {
        throw failed(error, signal);
      } finally {
        abort.done();
      }
      if (!response.ok) throw refusal(response, text);
      const body = parsed(text);
      if (!isObject(body)) {
        throw new LetsPingError(
          'LETSPING_BAD_ANSWER',
          `${apiBase} does not answer in JSON: check that it is the address of the API`,
          { status: response.status },
        );
      }
      return { status: response.status, body: body as T };
    },
    async stream({ signal, ...call }) {
      let response: Response;
      try {
        response = await request({ ...call, signal });
      } catch (error) {
        throw failed(error, signal);
      }
      if (!response.ok) throw refusal(response, await response.text());
      return response;
    },
  };
}

/** The message of `fetch failed` is useless; its cause is not (`connect ECONNREFUSED 127.0.0.1:4400`). */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return messageOf(cause.errors[0] ?? cause);
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
