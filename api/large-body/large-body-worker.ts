import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import PQueue from 'p-queue';
import { newToken } from '../../crypto/api-key.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InUse } from '../limits/in-use.ts';
import { type BodyLimit, readBodyFrom } from '../middleware/json-body.ts';
import type { Counts, Log } from '../ports.ts';
import { principalOf, stateOf } from '../request-state.ts';
import { forward } from './forward.ts';
import { createBodyMemory } from './read-body.ts';

/** A body of this size takes about 10 ms to parse, screen and seal. Most tool calls are a tenth of it. */
const LARGE_BYTES = 16 * 1024;
/** Requests on the thread at the same time. Each may take 64 MiB of memory. */
const CONCURRENT = 8;
const HEAP_MB = 1_024;
const STOP_MS = 10_000;
/** How long a failed request waits to learn whether the thread ended. */
const EXIT_WAIT_MS = 1_000;

/** Messages of the thread: the port that it listens on, and its calls of `Counts`. */
export type ThreadMessage = { port: number } | { count: keyof Counts; args: unknown[] };

export interface LargeBodyWorker {
  /** Runs after authentication. Reads large bodies of up to `limit`, and forwards them; everything else passes. */
  handler(limit: BodyLimit): (req: IncomingMessage, res: ServerResponse) => Promise<'answered' | undefined>;
  end(): Promise<void>;
}

export interface LargeBodyWorkerOptions {
  /** The program of the thread. */
  entry: URL;
  env: NodeJS.ProcessEnv;
  publicUrl: () => string;
  /** Metrics of this process, which count for the thread as well. */
  counts: Counts;
  uploads: InUse;
  log: Log;
}

interface Thread {
  port: number;
  worker: Worker;
  ended: Promise<void>;
}

/** Large, chunked, or compressed (final size unknown). */
function isLarge({ headers }: IncomingMessage): boolean {
  if (headers['content-encoding'] !== undefined || headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > LARGE_BYTES;
}

/**
 * Answers requests with large bodies on a worker thread, which starts with the first of them. The thread runs the same api on
 * a loopback port and checks the same keys. The attacker has an agent's key and sends 4 MB bodies in the shape that costs most:
 * 100 ms each to parse, screen and seal, during which this thread could answer no one. On the worker thread they delay only
 * other large bodies, and keys take turns. A body takes a place of the thread when it is there: the attacker would begin bodies, and not
 * end them. If a body exhausts the memory, the thread ends and the process does not.
 * If the thread does not start, this thread answers.
 */
export function createLargeBodyWorker({
  entry,
  env,
  publicUrl,
  counts,
  uploads,
  log,
}: LargeBodyWorkerOptions): LargeBodyWorker {
  const queue = new PQueue({ concurrency: CONCURRENT });
  const { token } = newToken();
  const memory = createBodyMemory();
  let current: Promise<Thread> | undefined;

  function start(): Promise<Thread> {
    const worker = new Worker(entry, {
      workerData: {
        ...env,
        LETSPING_HOST: '127.0.0.1',
        LETSPING_PORT: '0',
        LETSPING_PUBLIC_URL: publicUrl(),
        LETSPING_METRICS_PORT: '0',
        LETSPING_DRAIN_MS: '0',
      },
      argv: [token],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const started = new Promise<Thread>((resolve, reject) => {
      let isRunning = false;
      worker.on('message', (message: ThreadMessage) => {
        if ('port' in message) {
          isRunning = true;
          resolve({ port: message.port, worker, ended });
        } else (counts[message.count] as (...args: unknown[]) => void)(...message.args);
      });
      worker.once('error', (error) => {
        log.error(isRunning ? { uncaught: error } : { err: error }, 'alarm: the thread for large bodies failed');
        reject(error);
      });
      worker.once('exit', () => {
        if (current === started) current = undefined;
        reject(new Error('the thread for large bodies ended'));
      });
    });
    started.catch(() => {}); // `forwardToThread` handles the rejection
    return started;
  }

  async function forwardToThread(
    req: IncomingMessage,
    res: ServerResponse,
    body: Buffer,
  ): Promise<'answered' | 'not started'> {
    if (res.closed) return 'answered';
    current ??= start();
    const thread = await current.catch(() => undefined);
    if (res.closed || res.headersSent) return 'answered'; // the caller has gone, or its access has ended
    if (!thread) return 'not started';
    const state = stateOf(res);
    state.forwarded = true;
    await forward(req, res, body, { port: thread.port, token }).catch(async (cause) => {
      state.forwarded = false;
      // If the thread ended, wait for its exit, so that the caller's next attempt starts a new one.
      await Promise.race([thread.ended, setTimeout(EXIT_WAIT_MS)]);
      throw new DomainError(
        'overloaded',
        'This large body got no answer, and may or may not have been processed. Send it again, with the same Idempotency-Key.',
        { retry_after: 1 },
        { cause },
      );
    });
    return 'answered';
  }

  return {
    handler: (limit) => async (req, res) => {
      if (!isLarge(req)) return undefined;
      const who = principalOf(res);
      const leave = uploads.take(who);
      if (typeof leave !== 'function')
        throw new DomainError(
          'rate_limited',
          `${leave.most} large bodies of this ${leave.full} are under way already.`,
          {
            retry_after: 1,
          },
        );
      try {
        return await memory.read(req, who, limit, async (body) => {
          // Keys with more bodies get lower priority.
          const priority = -uploads.ofKey(who);
          const forwarded = await queue.add(() => forwardToThread(req, res, body), { priority });
          if (forwarded !== 'not started') return 'answered';
          await readBodyFrom(body, req, res, limit);
          return undefined;
        });
      } finally {
        leave();
      }
    },
    async end() {
      const thread = await current?.catch(() => undefined);
      if (!thread) return;
      thread.worker.postMessage('stop');
      await Promise.race([thread.ended, setTimeout(STOP_MS, undefined, { ref: false })]);
      await thread.worker.terminate();
    },
  };
}
