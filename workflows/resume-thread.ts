import * as wf from '@temporalio/workflow';
import { ANSWERED_SIGNAL, type ResumeInput } from '../contracts/workflow.ts';
import { activity } from './proxies.ts';

export const answered = wf.defineSignal<[string]>(ANSWERED_SIGNAL);

/** What a run did: ids and words only. `failed` names what no further attempt would have changed. */
export interface ResumeResult {
  resumed: string[];
  /** Questions that the thread asks now. */
  next: string[];
  failed: { interrupt_ids: string[]; cause: string }[];
}

/** Longer is no id of ours; a run that has collected as many is being fed by somebody else. */
const MAX_ID = 200;
const MAX_WAITING = 1_000;

/**
 * One run per thread at a time, id `resume/<project>/<key of the thread>`: collects the interrupts that were answered and has
 * the team's worker continue the thread, those that arrive meanwhile together in the next round. It arbitrates nothing (the
 * claim on the thread does) and never fails: an answer that cannot be delivered is told in its result.
 */
export async function resumeThreadV1(input: ResumeInput): Promise<ResumeResult> {
  const waiting = new Set<string>();
  wf.setHandler(answered, (interrupt_id: unknown) => {
    if (typeof interrupt_id === 'string' && interrupt_id.length <= MAX_ID && waiting.size < MAX_WAITING)
      waiting.add(interrupt_id);
  });
  const resumeThread = activity('resumeThread', {
    taskQueue: input.task_queue,
    startToCloseTimeout: '1h', // a run of the graph up to its next question; heartbeats tell much sooner that a worker died
    heartbeatTimeout: '12s',
    scheduleToCloseTimeout: '7d', // the team's worker may be away, or a node may fail, as long
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
      wf.log.error('a thread was not resumed', { thread_key: input.thread_key, cause });
      result.failed.push({ interrupt_ids, cause });
    }
  }
  return result;
}

function causeOf(error: unknown): string {
  const cause = error instanceof wf.ActivityFailure ? error.cause : error;
  if (cause instanceof wf.ApplicationFailure) return cause.type ?? 'failed';
  return cause instanceof wf.TimeoutFailure ? 'timed_out' : 'failed';
}
