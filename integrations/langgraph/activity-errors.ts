import { ApplicationFailure, CancelledFailure, cancellationSignal } from '@temporalio/activity';

/** Told of what a graph threw, in the worker's own process: what Temporal records holds no message of it. */
export type OnGraphError = (error: unknown, where: { graph: string; thread_id: string }) => void;

/**
 * An error of a run as Temporal may record it. A node's message may hold what the node worked on, and histories hold nothing
 * readable, so only the kind of error is passed on; every kind but our own refusals is tried again.
 */
export function recordable(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (cancellationSignal().aborted) return new CancelledFailure('cancelled');
  const type = error instanceof Error && error.name === 'FenceLost' ? 'fence_lost' : 'graph_failed';
  return ApplicationFailure.create({
    message: type === 'fence_lost' ? 'the claim on the thread was lost' : 'a node of the graph failed',
    type,
  });
}
