import type { DecisionRef } from '../../contracts/workflow.ts';
import type { RecordAnswer } from '../../domain/approval/approval-workflows.ts';

/** Pauses before each try. After the last one the reconciler's scan of workflows takes over, every ten minutes. */
const PAUSES_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];
const MAX_WAITING = 1_000;

/** Decisions that are in the ledger, on their way to workflows that may not have them. */
export interface RedeliveryQueue {
  /** Returns at once. */
  add(request_id: string, decision: DecisionRef): void;
  end(): void;
}

/**
 * Temporal can crash between the ledger and its own history: the outcome is final and was answered, and the workflow, once
 * Temporal is back, waits for a decision that it lost. The decision is sent as a Signal until one arrives or the workflow has
 * ended. The workflow settles once more and receives the outcome of the ledger.
 */
export function createRedeliveryQueue(
  record: (request_id: string, decision: DecisionRef) => Promise<RecordAnswer>,
): RedeliveryQueue {
  const waiting = new Map<string, NodeJS.Timeout | undefined>();
  const ended = new AbortController();
  const attempt = async (request_id: string, decision: DecisionRef, tries: number): Promise<void> => {
    const isDone = (await record(request_id, decision)) !== 'unavailable';
    const pause = PAUSES_MS[tries + 1];
    if (isDone || pause === undefined || ended.signal.aborted) waiting.delete(request_id);
    else schedule(request_id, decision, tries + 1);
  };
  const schedule = (request_id: string, decision: DecisionRef, tries: number) => {
    const timer = setTimeout(() => void attempt(request_id, decision, tries), PAUSES_MS[tries]);
    timer.unref();
    waiting.set(request_id, timer);
  };
  return {
    add(request_id, decision) {
      if (!waiting.has(request_id) && waiting.size < MAX_WAITING && !ended.signal.aborted)
        schedule(request_id, decision, 0);
    },
    end() {
      ended.abort();
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
