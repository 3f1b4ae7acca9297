import type { Rig } from '../faults/rig.ts';
import type { Violation } from '../oracle/oracle.ts';
import type { PromiseName } from './promises.ts';

/** The short form runs with the other tests, the whole form before a release. */
export type Form = 'short' | 'whole';

export interface SuiteContext {
  form: Form;
  seed: number;
  /** Random numbers from the seed: always the same sequence. */
  random: () => number;
  say: (line: string) => void;
  /** A deployment shared by suites that do not change it. */
  rig: () => Promise<Rig>;
  /** Runs only the cell of the matrix with this name. */
  cell?: string | undefined;
}

/** One row of the report. */
export interface Row {
  suite: string;
  promises: readonly PromiseName[];
  cases: number;
  passed: number;
  failed: number;
  skipped: number;
  /** Reasons for skips, and measurements. */
  note: string;
  seconds: number;
  failures: string[];
}

export interface Suite {
  /** Whether the suite depends on the seed. */
  isSeeded?: boolean;
  name: string;
  promises: readonly PromiseName[];
  /** Runs the suite; calls `check` once per case. */
  run(context: SuiteContext, count: Counter): Promise<void>;
}

export class Counter {
  passed = 0;
  skipped = 0;
  readonly failures: string[] = [];
  readonly notes: string[] = [];

  /** One case: the condition, and the message if it is false. */
  check(holds: boolean, otherwise: () => string): boolean {
    if (holds) this.passed += 1;
    else this.failures.push(otherwise());
    return holds;
  }

  pass(cases: number): void {
    this.passed += cases;
  }

  fail(what: string): void {
    this.failures.push(what);
  }

  skip(cases: number, why: string): void {
    this.skipped += cases;
    this.notes.push(`${cases} skipped: ${why}`);
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

/** mulberry32: sufficient for choosing faults. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Runs a few `jobs` at a time, in order. */
export async function pooled<T>(
  items: readonly T[],
  width: number,
  job: (item: T, at: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()];
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await job(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** Runs one suite. An exception is a failure of the suite, not of the run. */
export async function runSuite(suite: Suite, context: SuiteContext): Promise<Row> {
  const from = Date.now();
  const count = new Counter();
  try {
    await suite.run(context, count);
  } catch (error) {
    count.fail(`the suite stopped: ${(error as Error).stack ?? error}`);
  }
  return {
    suite: suite.name,
    promises: suite.promises,
    cases: count.passed + count.failures.length + count.skipped,
    passed: count.passed,
    failed: count.failures.length,
    skipped: count.skipped,
    note: count.notes.join('; '),
    seconds: (Date.now() - from) / 1000,
    failures: count.failures,
  };
}

export const POLICY = {
  default_routing: 'review_flagged',
  routes: [
    { service: 'billing-agent', action: '*', routing: 'review_all' },
    { service: 'auto', action: '*', routing: 'review_flagged' },
  ],
  allowed_domains: ['yourco.com'],
  accept_unsigned_signals: true,
  resume_task_queue: 'office-agents',
};

/** A request of an approver, with retries. */
export const decide = (
  rig: Rig,
  id: string,
  body: object,
  key = rig.approver_api_key,
  headers: Record<string, string> = {},
) => rig.call(key, 'POST', `/api/approval-requests/${id}/decisions`, body, headers);

export const detail = async (rig: Rig, id: string) =>
  (await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body;

/** The resolution; undefined if the request is still pending after this time. */
export async function resolved(rig: Rig, id: string, withinMs = 30_000): Promise<any> {
  for (const end = Date.now() + withinMs; ; await pause(100)) {
    const found = await detail(rig, id).catch(() => undefined);
    if (found?.status && found.status !== 'pending') return found;
    if (Date.now() > end) return undefined;
  }
}

export const violationLine = ({ invariant, request_id, what }: Violation): string =>
  `${invariant}: ${request_id} ${what}`;

/** Violations that the oracle still finds after a while, one line each. */
export async function judged(
  rig: Rig,
  count: Counter,
  scope: { ids?: string[]; tampered?: string[] } = {},
  withinMs = 60_000,
): Promise<void> {
  const { violations } = await rig.oracle.settle(scope, withinMs);
  count.check(violations.length === 0, () => `oracle: ${violations.slice(0, 10).map(violationLine).join('; ')}`);
}

export const percentile = (values: number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1))] ?? 0;
};

export interface Opened {
  id: string;
  payload_digest: string;
  digest_salt: string;
  status: string;
  expires_at: string;
}

/** Opens a held request as an agent, once, and records the answer for the oracle. */
export async function openHeld(rig: Rig, extra: object = {}, key?: string): Promise<Opened> {
  const answer = await rig.call(
    rig.agent_api_key,
    'POST',
    '/api/ingest',
    { service: 'billing-agent', action: 'refund', payload: { amount: 10, to: 'a' }, ...extra },
    key === undefined ? {} : { 'idempotency-key': key },
  );
  if (answer.status !== 201) throw new Error(`ingest answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  rig.oracle.answers.push({ request_id: answer.body.id, what: 'opened', ...(key !== undefined && { key }) });
  return answer.body;
}

/** Retries a call as a careful client does: without an answer, and for temporary refusals. */
export async function patient(
  what: string,
  withinMs: number,
  attempt: () => Promise<{ status: number; body: any; text: string }>,
  isDone: (status: number) => boolean,
): Promise<{ status: number; body: any; text: string }> {
  let last = '';
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(200)) {
    const answer = await attempt().catch((error: Error) => {
      last = error.message;
      return undefined;
    });
    if (!answer) continue;
    if (isDone(answer.status)) return answer;
    last = `${answer.status} ${answer.text.slice(0, 300)}`;
    const again =
      answer.status === 503 ||
      answer.status === 500 ||
      (answer.status === 409 && answer.body.code === 'idempotency_key_in_use');
    if (!again && !/LETSPING_409/.test(answer.body.code ?? '')) throw new Error(`${what}: ${last}`);
  }
  throw new Error(`${what}: still ${last} after ${withinMs / 1000} s`);
}
