import { ApplicationFailure, CancelledFailure, cancellationSignal } from '@temporalio/activity';

/** Receives what a graph threw, in the worker's own process: Temporal records no message of it. */
export type OnGraphError = (error: unknown, where: { graph: string; thread_id: string }) => void;

/**
 * The error of a run as Temporal records it. A node's message may contain the data it worked on, and histories contain no
 * readable data, so only the kind of error is recorded. All kinds but our own refusals are retried.
 */
export function recordable(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (cancellationSignal().aborted) return new CancelledFailure('cancelled');
  const type = error instanceof Error && error.name === 'FenceLost' ? 'fence_lost' : 'graph_failed';
  return ApplicationFailure.create({
    message: type === 'fence_lost' ? 'the lease on the thread was lost' : 'a node of the graph failed',
    type,
  });
}
