import type { DecisionRef, Resolution } from '../../contracts/workflow.ts';
import type { Refusal } from './approval.ts';
import type { RequestRecord } from './record.ts';

/** What the workflow of a request made of a decision. */
export type DecideAnswer =
  /** The workflow has ended with an outcome, of this decision or of another. What it answered is a hint; the ledger has the outcome. */
  | { state: 'settled'; answer: Resolution }
  /** A patch, which waits for a second approver. */
  | { state: 'proposed' }
  | { state: 'refused'; code: Refusal }
  /** No worker answered in time. The decision may still take effect. */
  | { state: 'no_worker' }
  /** No workflow of this request is open: it has ended, as the ledger says, or was never started. */
  | { state: 'not_found' }
  | { state: 'unavailable' };

export type RecordAnswer = 'recorded' | 'not_found' | 'unavailable';

/** The workflows of held requests, as the api uses them. A decision's row is written before its message is sent. */
export interface ApprovalWorkflows {
  /** Returns at once: starts queue, and a request whose workflow has started is marked. */
  start(request: RequestRecord): void;
  /**
   * As an Update, which waits up to 10 s for the answer; before that for a start that this process has begun. `startFirst`: for a workflow that was never started, or was terminated; only
   * after a look at the ledger.
   */
  decide(request: RequestRecord, decision: DecisionRef, options?: { startFirst: boolean }): Promise<DecideAnswer>;
  /** As a Signal, which needs no worker. */
  record(request_id: string, decision: DecisionRef): Promise<RecordAnswer>;
  /** Returns at once: sends a decision that is in the ledger to a workflow that may not have it, until it arrives. */
  redeliver(request_id: string, decision: DecisionRef): void;
  /**
   * Tells the workflow of a cancellation whose row is written, starts it before where it is missing, and waits up to 5 s for its end.
   * `requested`: the ledger has the outcome once a worker has run.
   */
  cancel(request: RequestRecord): Promise<'requested' | 'unavailable'>;
  /** Stops redelivery, drops queued starts (the reconciler makes them), and waits for the starts in progress. */
  end(): Promise<void>;
}
