import type { Client } from '@temporalio/client';
import pTimeout from 'p-timeout';
import {
  approvalWorkflowId,
  DECIDE_RECORDED_SIGNAL,
  DECIDE_UPDATE,
  type DecisionRef,
  type Resolution,
} from '../../contracts/workflow.ts';
import { REFUSALS, type Refusal, SECOND_APPROVER } from '../../domain/approval/approval.ts';
import type { DecideAnswer, RecordAnswer } from '../../domain/approval/approval-workflows.ts';
import { temporalFailure } from './errors.ts';

const TRIES = 5;
const UPDATE_MS = 10_000;
const SIGNAL_MS = 1_000;
/** This close to the end of the wait, an Update is not sent again. */
const EDGE_MS = 100;

const isRefusal = (type: unknown): type is Refusal => REFUSALS.some((code) => code === type);

const pause = (attempt: number) =>
  new Promise((resolve) => setTimeout(resolve, 50 * 2 ** Math.min(attempt, 4) * (0.5 + Math.random())));

/**
 * Sends a decision as an Update and waits up to 10 s for the answer, over all tries. Their update id is the decision's own, so a
 * repeat is the same Update.
 * @throws an error that is not Temporal's
 */
export async function decide(client: Client, request_id: string, decision: DecisionRef): Promise<DecideAnswer> {
  const handle = client.workflow.getHandle(approvalWorkflowId(request_id));
  const end = Date.now() + UPDATE_MS;
  const isEnding = () => Date.now() >= end - EDGE_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      const update = handle.executeUpdate<Resolution, [DecisionRef]>(DECIDE_UPDATE, {
        args: [decision],
        updateId: decision.decision_id,
      });
      const answer = await pTimeout(update, { milliseconds: Math.max(1, end - Date.now()) });
      return { state: 'settled', answer };
    } catch (error) {
      const failure = temporalFailure(error);
      if (!failure) throw error;
      switch (failure.kind) {
        case 'refused':
          if (failure.type === SECOND_APPROVER) return { state: 'proposed' };
          if (isRefusal(failure.type)) return { state: 'refused', code: failure.type };
          return { state: 'not_found' }; // the SDK's own type: the workflow closed under the update
        case 'not_found':
          return { state: 'not_found' };
        case 'busy': // more than ten updates in flight
          if (isEnding()) return { state: 'no_worker' };
          await pause(attempt);
          break;
        case 'unavailable':
        case 'interrupted':
          // At the end of the wait this may be an Update that the server has, and the connection broke: no_worker.
          if (isEnding()) return { state: 'no_worker' };
          if (attempt >= TRIES) return { state: failure.kind === 'unavailable' ? 'unavailable' : 'no_worker' };
          await pause(attempt);
          break;
        case 'timeout':
        case 'rejected':
          return { state: 'no_worker' };
        default:
          return failure satisfies never;
      }
    }
  }
}

/**
 * Sends a decision as a Signal. A busy workflow (for one, by an Update that was just broken off) has not taken it, so it is sent
 * again for up to 1 s. After any other failure it may have been taken.
 */
export async function record(client: Client, request_id: string, decision: DecisionRef): Promise<RecordAnswer> {
  const handle = client.workflow.getHandle(approvalWorkflowId(request_id));
  const end = Date.now() + SIGNAL_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      await handle.signal<[DecisionRef]>(DECIDE_RECORDED_SIGNAL, decision);
      return 'recorded';
    } catch (error) {
      const failure = temporalFailure(error);
      if (failure?.kind === 'not_found') return 'not_found';
      if (failure?.kind !== 'busy' || Date.now() >= end) return 'unavailable';
      await pause(attempt);
    }
  }
}
