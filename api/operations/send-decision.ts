import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import pTimeout, { TimeoutError } from 'p-timeout';
import {
  approvalWorkflowId,
  DECIDE_RECORDED_SIGNAL,
  DECIDE_UPDATE,
  type DecisionRef,
  type Resolution,
} from '../../contracts/workflow.ts';
import { REFUSALS, type Refusal, SECOND_APPROVER } from '../../domain/approval/approval.ts';
import { FAILED_PRECONDITION, grpcCode, RESOURCE_EXHAUSTED, UNAVAILABLE } from './temporal-errors.ts';

/** What became of a decision that was sent to its workflow. */
export type Sent =
  | { state: 'settled' }
  | { state: 'refused'; code: Refusal }
  /** A patch, and it waits for a second approver. */
  | { state: 'proposed' }
  /** Temporal has it as a Signal; no worker has answered. */
  | { state: 'recorded' }
  /** No such workflow is open: closed, never started, or gone. The ledger knows. */
  | { state: 'closed' }
  | { state: 'temporal_away' };

const TRIES = 5;
const UPDATE_MS = 10_000;
const SIGNAL_MS = 1_000;
/** So near the end of the wait an update is not sent again. */
const EDGE_MS = 100;

const isRefusal = (type: unknown): type is Refusal => REFUSALS.some((code) => code === type);

/** More than ten updates in flight, a task that failed under it, a server just away: the same update id again, later. */
const worthAnotherTry = (code: number | undefined) =>
  code === RESOURCE_EXHAUSTED || code === FAILED_PRECONDITION || code === UNAVAILABLE;

const pause = (attempt: number) =>
  new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt * (0.5 + Math.random())));

/**
 * Sends a decision as Update `decide`, its id being the update's, so that a retry gets the first answer; when no worker answers
 * in ten seconds, as Signal `decide_recorded`. Both may arrive: the workflow takes the second as a repeat.
 */
export async function sendDecision(client: Client, request_id: string, decision: DecisionRef): Promise<Sent> {
  const handle = client.workflow.getHandle(approvalWorkflowId(request_id));
  const end = Date.now() + UPDATE_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      const update = handle.executeUpdate<Resolution, [DecisionRef]>(DECIDE_UPDATE, {
        args: [decision],
        updateId: decision.decision_id,
      });
      await pTimeout(update, { milliseconds: end - Date.now() });
      return { state: 'settled' };
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
        const { type } = error.cause;
        if (type === SECOND_APPROVER) return { state: 'proposed' };
        // Anything else is the SDK's own word that the workflow closed under the update.
        return isRefusal(type) ? { state: 'refused', code: type } : { state: 'closed' };
      }
      if (error instanceof WorkflowNotFoundError) return { state: 'closed' };
      const code = grpcCode(error);
      const exhausted = code === RESOURCE_EXHAUSTED;
      if (worthAnotherTry(code) && (exhausted || attempt < TRIES) && Date.now() < end - EDGE_MS) {
        await pause(Math.min(attempt, 4));
        continue;
      }
      // Refused at once, each time: away. At the end of the wait it may be the wait that was broken off, and the Signal tells.
      if (code === UNAVAILABLE && Date.now() < end - EDGE_MS) return { state: 'temporal_away' };
      const isLate = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || error instanceof TimeoutError;
      if (!isLate && code === undefined) throw error;
      return signalInstead();
    }
  }

  async function signalInstead(): Promise<Sent> {
    const giveUp = Date.now() + SIGNAL_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        await handle.signal<[DecisionRef]>(DECIDE_RECORDED_SIGNAL, decision);
        return { state: 'recorded' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { state: 'closed' };
        // A workflow that is busy, by the update just given up for one, has taken nothing; another failure may have.
        if (grpcCode(error) !== RESOURCE_EXHAUSTED || Date.now() >= giveUp) return { state: 'temporal_away' };
        await pause(Math.min(attempt, 4));
      }
    }
  }
}
