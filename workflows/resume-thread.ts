import * as wf from '@temporalio/workflow';
import { ANSWERED_SIGNAL, type ResumeFailure, type ResumeInput } from '../contracts/workflow.ts';
import { parseResumeInput } from '../domain/approval/messages.ts';
import { foreign } from './foreign.ts';
import { assertOneSdk } from './one-sdk.ts';
import { activity } from './proxies.ts';

export const answered = wf.defineSignal<[string]>(ANSWERED_SIGNAL);

/** Ids and codes only. `failed` lists interrupts whose answers were not delivered after all retries, and why. */
export interface ResumeResult {
  resumed: string[];
  /** Ids of the interrupts at which the thread waits now. */
  next: string[];
  failed: { interrupt_ids: string[]; cause: string }[];
}

/** Bounds on what a namespace writer can make this run keep: interrupt ids are shorter, and one thread has fewer. */
const MAX_ID = 200;
const MAX_WAITING = 1_000;
/** Then no Signal is read any more: see `signals.ts`. */
const MOST_IGNORED = 100;

/**
 * One run per thread at a time, id `resume/<project>/<key of the thread>`. Collects answered interrupts and calls the team's worker
 * to resume the thread; interrupts that are answered meanwhile go together into the next round. The lease of the thread decides
 * between concurrent runs, not this workflow. Its result lists the answers that could not be delivered; it fails only for an input that is not ours.
 */
export async function resumeThreadV1(given: ResumeInput): Promise<ResumeResult> {
  assertOneSdk();
  const input = parseResumeInput(given);
  if (!input) throw foreign('the input is not of a resume');
  const waiting = new Set<string>();
  let ignored = 0;
  wf.setHandler(answered, (interrupt_id: unknown) => {
    const isNew = typeof interrupt_id === 'string' && interrupt_id.length <= MAX_ID && !waiting.has(interrupt_id);
    if (isNew && waiting.size < MAX_WAITING) {
      waiting.add(interrupt_id);
      return;
    }
    ignored += 1;
    if (ignored >= MOST_IGNORED) wf.setHandler(answered, undefined);
  });
  const resumeThread = activity('resumeThread', {
    taskQueue: input.task_queue,
    startToCloseTimeout: '1h', // a run of the graph up to its next interrupt; heartbeats detect a dead worker much sooner
    heartbeatTimeout: '12s',
    scheduleToCloseTimeout: '7d', // the team's worker may be down, or a node may fail, this long
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  });
  const result: ResumeResult = { resumed: [], next: [], failed: [] };

  await wf.condition(() => waiting.size > 0, '1m');
  while (waiting.size > 0) {
    const interrupt_ids = [...waiting];
    waiting.clear();
    try {
      const { resumed, next } = await resumeThread({
        project_id: input.project_id,
        thread_key: input.thread_key,
        graph: input.graph,
        interrupt_ids,
      });
      result.resumed.push(...resumed);
      result.next = next;
    } catch (error) {
      if (wf.isCancellation(error)) throw error;
      const cause = causeOf(error);
      wf.log.error('thread not resumed', { thread_key: input.thread_key, cause });
      result.failed.push({ interrupt_ids, cause });
    }
  }
  return result;
}

function causeOf(error: unknown): string {
  const cause = error instanceof wf.ActivityFailure ? error.cause : error;
  const other: ResumeFailure = cause instanceof wf.TimeoutFailure ? 'timed_out' : 'failed';
  return cause instanceof wf.ApplicationFailure ? (cause.type ?? other) : other;
}
