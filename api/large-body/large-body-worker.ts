import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Request, RequestHandler, Response } from 'express';
import PQueue from 'p-queue';
import { DomainError } from '../../domain/errors.ts';
import type { Counts, Log } from '../ports.ts';
import { principalOf, stateOf } from '../request-state.ts';
import { forward } from './forward.ts';

/** A body of this size takes some ten milliseconds to read, judge and seal; most tool calls are a tenth of it. */
const LARGE_BYTES = 16 * 1024;
/** Each may take 64 MiB while it is worked on. */
const AT_ONCE = 8;
const MOST_OF_A_KEY = 20;
const HEAP_MB = 1_024;
const STOP_MS = 10_000;
const ENDED_WITHIN_MS = 1_000;

/** What the thread tells: that it listens, and what it would count. */
export type FromThread = { port: number } | { count: keyof Counts; args: unknown[] };

export interface LargeBodyWorker {
  /** Behind authentication. Takes what is large; everything else goes on. */
  handler: RequestHandler;
  end(): Promise<void>;
}

export interface LaneOptions {
  /** The program of the thread. */
  entry: URL;
  env: NodeJS.ProcessEnv;
  publicUrl: () => string;
  /** Whose process counts what the thread does. */
  counts: Counts;
  log: Log;
}

interface Thread {
  port: number;
  worker: Worker;
  ended: Promise<void>;
}

/** One whose length is told to be large, is not told, or says nothing of what it unpacks to. */
function isLarge({ headers }: Request): boolean {
  if (headers['content-encoding'] !== undefined || headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > LARGE_BYTES;
}

/**
 * A thread of its own for large bodies, started with the first of them: the same api, listening on a port of loopback, which
 * asks for the same keys as we do. The attacker has an agent's key and sends 4 MB at a time, in whatever shape is dearest: a
 * tenth of a second of reading, judging and sealing each, in which this thread would answer nobody. There, others' large bodies
 * wait for them, by turns of keys; and should one take all the memory, that thread ends and not the process.
 * Where the thread does not start, everything is answered here.
 */
export function createLargeBodyWorker({ entry, env, publicUrl, counts, log }: LaneOptions): LargeBodyWorker {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const ofKey = new Map<string, number>();
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
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const started = new Promise<Thread>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if ('port' in message) resolve({ port: message.port, worker, ended });
        else (counts[message.count] as (...args: unknown[]) => void)(...message.args);
      });
      worker.once('error', (error) => {
        log.error({ err: error }, 'alarm: the thread for large bodies failed');
        reject(error);
      });
      worker.once('exit', () => {
        if (current === started) current = undefined;
        reject(new Error('the thread for large bodies ended'));
      });
    });
    started.catch(() => {}); // whoever waits for it is told
    return started;
  }

  async function take(req: Request, res: Response): Promise<'answered' | 'not started'> {
    if (res.closed) return 'answered';
    current ??= start();
    const thread = await current.catch(() => undefined);
    if (!thread) return 'not started';
    const state = stateOf(res);
    state.forwarded = true;
    await forward(req, res, thread.port).catch(async (cause) => {
      state.forwarded = false;
      // Of a thread that has ended the next one hears: whoever tries again gets a new one.
      await Promise.race([thread.ended, setTimeout(ENDED_WITHIN_MS)]);
      throw new DomainError(
        'overloaded',
        'This large body was not answered, and may have been taken or not. Send it again, with the same Idempotency-Key.',
        { retry_after: 1 },
        { cause },
      );
    });
    return 'answered';
  }

  return {
    async handler(req, res, next) {
      if (!isLarge(req)) {
        next();
        return;
      }
      const { key_id } = principalOf(res);
      const before = ofKey.get(key_id) ?? 0;
      if (before >= MOST_OF_A_KEY)
        throw new DomainError('rate_limited', `${MOST_OF_A_KEY} large bodies of this key are waiting already.`, {
          retry_after: 1,
        });
      ofKey.set(key_id, before + 1);
      try {
        // Who has many waiting waits longer.
        if ((await queue.add(() => take(req, res), { priority: -before })) === 'not started') next();
      } finally {
        const left = ofKey.get(key_id)! - 1;
        if (left > 0) ofKey.set(key_id, left);
        else ofKey.delete(key_id);
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
