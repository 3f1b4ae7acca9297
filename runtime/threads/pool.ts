import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';
import { type Job, type JobAnswer, READY } from './job.ts';

/** One kind of job: its program, and what one job may cost. */
export interface JobKind {
  program: URL;
  /** Time of one job. */
  ms: number;
  heapMb: number;
  /** Jobs of one key that may wait. */
  maxOfKey: number;
}

export interface ThreadOptions {
  /** Default: one, and two from four cores up. */
  threads?: number | undefined;
  ms?: number | undefined;
  heapMb?: number | undefined;
  /** Called when a job was stopped. */
  onStopped?: ((key_id: string, why: Stopped) => void) | undefined;
}

/** Why a job has no answer: its time or memory, or its program failed. */
export type Stopped = 'time' | 'memory' | 'failure';

/** `refused`: seconds until the key may ask again; the job was not begun. */
export type JobOutcome = { output: string } | { stopped: Stopped } | { refused: number };

export interface ThreadPool {
  run(key_id: string, ...input: string[]): Promise<JobOutcome>;
  end(): Promise<void>;
}

/** In a checkout a thread runs the build: Node 20 does not load TypeScript. `path` is of the build, without its ending. */
export const programOf = (path: string): URL =>
  new URL(`${import.meta.url.endsWith('.ts') ? '../../dist/' : '../../'}${path}.js`, import.meta.url);

/** Waiting jobs of all keys. */
const MAX_OF_ALL = 200;
/** A key whose job was stopped is turned away for 2, 4 … 64 s: otherwise one key keeps the thread busy with ending. */
const TURNED_AWAY_MS = 2_000;
const MAX_DOUBLINGS = 5;
const MAX_KEYS = 10_000;

interface Waiting {
  job: Job;
  key_id: string;
  resolve: (outcome: JobOutcome) => void;
}
interface Slot {
  worker: Worker;
  current?: Waiting | undefined;
  timer?: NodeJS.Timeout | undefined;
  isReady?: boolean;
  isLate?: boolean;
}

/**
 * Threads for work on what strangers wrote, ended when a job takes too long or too much memory. The attacker has an agent's key, and sends
 * what never ends: that costs the key its turn, and the thread that serves nothing. Threads start with the first job.
 */
export function createThreadPool(
  kind: JobKind,
  {
    threads = availableParallelism() > 3 ? 2 : 1,
    ms = kind.ms,
    heapMb = kind.heapMb,
    onStopped = () => {},
  }: ThreadOptions = {},
): ThreadPool {
  const queues = new Map<string, Waiting[]>();
  const slots = new Set<Slot>();
  const idle: Slot[] = [];
  const stopped = new LRUCache<string, { times: number; until: number }>({ max: MAX_KEYS });
  let waiting = 0;
  let ids = 0;
  let ended = false;

  const finish = (slot: Slot, outcome: JobOutcome) => {
    clearTimeout(slot.timer);
    const { current } = slot;
    slot.current = undefined;
    current?.resolve(outcome);
  };

  function turnAway(key_id: string): void {
    const times = Math.min((stopped.get(key_id)?.times ?? 0) + 1, MAX_DOUBLINGS + 1);
    stopped.set(key_id, { times, until: performance.now() + TURNED_AWAY_MS * 2 ** (times - 1) });
    dismiss(key_id);
  }

  const secondsFor = (key_id: string) =>
    Math.max(1, Math.ceil(((stopped.get(key_id)?.until ?? 0) - performance.now()) / 1_000));

  function dismiss(key_id: string): void {
    for (const { resolve } of queues.get(key_id) ?? []) {
      waiting -= 1;
      resolve({ refused: secondsFor(key_id) });
    }
    queues.delete(key_id);
  }

  function start(): void {
    const worker = new Worker(kind.program, {
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 8, stackSizeMb: 2 },
      env: {},
      stdout: true,
      stderr: true,
    });
    worker.unref();
    const slot: Slot = { worker };
    slots.add(slot);
    worker.on('message', (message: JobAnswer | typeof READY) => {
      if (message === READY) slot.isReady = true;
      else {
        if (message.id !== slot.current?.job.id) return;
        finish(slot, 'output' in message ? { output: message.output } : { stopped: 'failure' });
      }
      idle.push(slot);
      next();
    });
    worker.on('error', () => {}); // `exit` follows
    worker.on('exit', () => {
      slots.delete(slot);
      const at = idle.indexOf(slot);
      if (at >= 0) idle.splice(at, 1);
      const { current } = slot;
      if (current) {
        const why = slot.isLate ? 'time' : 'memory';
        turnAway(current.key_id);
        onStopped(current.key_id, why);
        finish(slot, { stopped: why });
      }
      // A thread that does not start would be started again without end.
      if (!slot.isReady) for (const key_id of [...queues.keys()]) dismiss(key_id);
      if (!ended && waiting > 0) start();
    });
  }

  /** Keys take turns: the first key gives one job and goes to the end. */
  function next(): void {
    for (;;) {
      const [first] = queues;
      const slot = first && idle.pop();
      if (!slot) return;
      const [key_id, jobs] = first;
      const current = jobs.shift()!;
      queues.delete(key_id);
      if (jobs.length > 0) queues.set(key_id, jobs);
      waiting -= 1;
      slot.current = current;
      slot.timer = setTimeout(() => {
        slot.isLate = true;
        void slot.worker.terminate();
      }, ms);
      slot.worker.postMessage(current.job);
    }
  }

  return {
    run: (key_id, ...input) =>
      new Promise((resolve) => {
        const queue = queues.get(key_id) ?? [];
        const isTurnedAway = performance.now() < (stopped.get(key_id)?.until ?? 0);
        if (ended || isTurnedAway || queue.length >= kind.maxOfKey || waiting >= MAX_OF_ALL) {
          resolve({ refused: secondsFor(key_id) });
          return;
        }
        queue.push({ job: { id: ++ids, input }, key_id, resolve });
        queues.set(key_id, queue);
        waiting += 1;
        if (slots.size < threads) start();
        next();
      }),
    async end() {
      ended = true;
      await Promise.all([...slots].map(({ worker }) => worker.terminate()));
    },
  };
}
