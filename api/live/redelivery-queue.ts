import type { DecisionRef } from '../../contracts/workflow.ts';
import type { Remind } from '../ports.ts';

/** From one try to the next, until Temporal is there again; then the reconciler's scan of workflows looks, every ten minutes. */
const PAUSES_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];
const MOST = 1_000;

/** Decisions that stand, told to workflows that may not know of them. */
export interface RedeliveryQueue {
  /** Returns at once. */
  begin(request_id: string, decision: DecisionRef): void;
  end(): void;
}

/**
 * Temporal can die between the ledger and its own history: the outcome stands and was told, and the workflow, once Temporal is
 * back, waits for a decision that it has had. Whoever notices begins a reminder: the standing decision as a Signal, again
 * until one arrives. The workflow settles once more and finds what stands.
 */
export function createRedeliveryQueue(remind: Remind): RedeliveryQueue {
  const open = new Map<string, NodeJS.Timeout | undefined>();
  const ended = new AbortController();
  const attempt = async (request_id: string, decision: DecisionRef, tries: number): Promise<void> => {
    const isHeard = await remind(request_id, decision).then(
      () => true,
      () => false,
    );
    const pause = PAUSES_MS[tries + 1];
    if (isHeard || pause === undefined || ended.signal.aborted) open.delete(request_id);
    else later(request_id, decision, tries + 1);
  };
  const later = (request_id: string, decision: DecisionRef, tries: number) => {
    const timer = setTimeout(() => void attempt(request_id, decision, tries), PAUSES_MS[tries]);
    timer.unref();
    open.set(request_id, timer);
  };
  return {
    begin(request_id, decision) {
      if (!open.has(request_id) && open.size < MOST && !ended.signal.aborted) later(request_id, decision, 0);
    },
    end() {
      ended.abort();
      for (const timer of open.values()) clearTimeout(timer);
      open.clear();
    },
  };
}
