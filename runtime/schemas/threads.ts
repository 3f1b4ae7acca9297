import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';
import type { AgentSchemas } from '../../domain/json/schema.ts';
import { SCHEMA_LIMITS } from '../../domain/json/schema-gate.ts';
import { type Job, type JobAnswer, READY } from './job.ts';

/** In a checkout a thread runs the build: Node 20 does not load TypeScript. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/runtime/schemas/thread.js' : './thread.js',
  import.meta.url,
);

export interface SchemaThreadsOptions {
  /** Default: one, and two from four cores up. */
  threads?: number | undefined;
  /** Time of one job. */
  ms?: number | undefined;
  heapMb?: number | undefined;
  /** Called when a job was stopped. */
  onStopped?: ((key_id: string, why: 'time' | 'memory') => void) | undefined;
}

export interface SchemaThreads extends AgentSchemas {
  end(): Promise<void>;
}

const MS = 500;
const HEAP_MB = 64;
/** Waiting jobs of one key, and of all. */
const MAX_OF_KEY = 4;
const MAX_OF_ALL = 200;
/** A key whose job was stopped is turned away for 2, 4 … 64 s: otherwise one key keeps the thread busy with ending. */
const TURNED_AWAY_MS = 2_000;
const MAX_DOUBLINGS = 5;
const MAX_KEYS = 10_000;
const MAX_KNOWN = 2_000;

const UNCHECKED = 'The schema of the request could not be applied in time.';
const BUSY =
  'The schema of the request could not be applied: too many others wait, or an earlier one of its key took too long.';

type Outcome = { answer: JobAnswer } | { unchecked: string };
interface Waiting {
  job: Job;
  key_id: string;
  resolve: (outcome: Outcome) => void;
}
interface Slot {
  worker: Worker;
  current?: Waiting | undefined;
  timer?: NodeJS.Timeout | undefined;
  isReady?: boolean;
  isLate?: boolean;
}

/**
 * Applies schemas of agents on threads that are ended after 500 ms or 64 MB. The attacker has an agent's key, and writes schemas that never
 * end: they cost their own key its turn, and the event loop nothing. Threads start with the first job.
 */
export function createSchemaThreads({
  threads = availableParallelism() > 3 ? 2 : 1,
  ms = MS,
  heapMb = HEAP_MB,
  onStopped = () => {},
}: SchemaThreadsOptions = {}): SchemaThreads {
  const queues = new Map<string, Waiting[]>();
  const slots = new Set<Slot>();
  const idle: Slot[] = [];
  /** By the hash of the text: a tool sends the same schema each time. */
  const known = new LRUCache<string, { refusal: string | undefined }>({ max: MAX_KNOWN });
  const stopped = new LRUCache<string, { times: number; until: number }>({ max: MAX_KEYS });
  let waiting = 0;
  let ids = 0;
  let ended = false;

  const finish = (slot: Slot, outcome: Outcome) => {
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

  function dismiss(key_id: string): void {
    for (const { resolve } of queues.get(key_id) ?? []) {
      waiting -= 1;
      resolve({ unchecked: BUSY });
    }
    queues.delete(key_id);
  }

  function start(): void {
    const worker = new Worker(ENTRY, {
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
        finish(slot, { answer: message });
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
        turnAway(current.key_id);
        onStopped(current.key_id, slot.isLate ? 'time' : 'memory');
        finish(slot, { unchecked: UNCHECKED });
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

  const run = (key_id: string, schema: string, value?: string): Promise<Outcome> =>
    new Promise((resolve) => {
      const queue = queues.get(key_id) ?? [];
      const isTurnedAway = performance.now() < (stopped.get(key_id)?.until ?? 0);
      if (ended || isTurnedAway || queue.length >= MAX_OF_KEY || waiting >= MAX_OF_ALL) {
        resolve({ unchecked: BUSY });
        return;
      }
      queue.push({ job: { id: ++ids, schema, value }, key_id, resolve });
      queues.set(key_id, queue);
      waiting += 1;
      if (slots.size < threads) start();
      next();
    });

  return {
    async refusal(key_id, schema) {
      // Not hashed, and not sent to the thread.
      if (schema.length > SCHEMA_LIMITS.bytes) return 'The schema is larger than 64 KB.';
      const id = hash('sha256', schema);
      const seen = known.get(id);
      if (seen) return seen.refusal;
      const outcome = await run(key_id, schema);
      if ('unchecked' in outcome) return outcome.unchecked;
      const refusal = 'refusal' in outcome.answer ? outcome.answer.refusal : undefined;
      known.set(id, { refusal });
      return refusal;
    },
    async check(key_id, schema, value) {
      const outcome = await run(key_id, schema, value);
      if ('unchecked' in outcome) return outcome;
      if ('refusal' in outcome.answer) return { unchecked: outcome.answer.refusal };
      return { violations: outcome.answer.violations };
    },
    async end() {
      ended = true;
      await Promise.all([...slots].map(({ worker }) => worker.terminate()));
    },
  };
}
