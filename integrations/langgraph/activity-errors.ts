import { ApplicationFailure, CancelledFailure, cancellationSignal } from '@temporalio/activity';
import type { ResumeFailure } from '../../contracts/workflow.ts';

/** Receives what a graph threw, in the worker's own process: Temporal records no message of it. */
export type OnGraphError = (error: unknown, where: { graph: string; thread_id: string }) => void;

/** A failure that Temporal retries; the next attempt comes after `nextRetryDelay`, or after the policy's interval. */
export const retried = (type: ResumeFailure, message: string, nextRetryDelay?: '500ms' | '1s'): ApplicationFailure =>
  ApplicationFailure.create({ message, type, ...(nextRetryDelay && { nextRetryDelay }) });

/** A failure that a retry cannot change. */
export const final = (type: ResumeFailure, message: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, type);

/**
 * The error of a run as Temporal records it. A node's message may contain the data it worked on, and histories contain no
 * readable data, so only the kind of error is recorded. All kinds but our own refusals are retried.
 */
export function recordable(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (cancellationSignal().aborted) return new CancelledFailure('cancelled');
  return error instanceof Error && error.name === 'FenceLost'
    ? retried('fence_lost', 'the lease on the thread was lost')
    : retried('graph_failed', 'a node of the graph failed');
}
