import * as wf from '@temporalio/workflow';

/**
 * Fails the workflow task if a worker runs this code on another copy of `@temporalio/workflow` than the one imported here: a
 * team's worker that has its own SDK beside ours. The task is retried, so the run continues when one copy is installed. Without
 * this check every task fails at the first cancellation scope, with `Cannot read private member #cancelRequested`.
 *
 * The scope around a workflow is made by the worker's copy. The check writes no event.
 */
export function assertOneSdk(): void {
  if (wf.CancellationScope.current() instanceof wf.CancellationScope) return;
  // Not an ApplicationFailure: that would fail the workflow.
  throw new Error(
    'LETSPING_TWO_COPIES: letsping-temporal/workflow and the worker load two copies of @temporalio/workflow; install one for both (npm ls @temporalio/workflow) and restart the worker',
  );
}
