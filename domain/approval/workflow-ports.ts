import type { DecisionRef, DeliveryRef } from '../../contracts/workflow.ts';
import type { AnsweredInterrupt } from '../outbox/ports.ts';
import type { DecideAnswer } from './approval-workflows.ts';
import type { RequestRecord } from './record.ts';

/** What the worker needs from Temporal; `ApprovalWorkflows` is the api's port. */

/** The state of a request's workflow in Temporal. What an ended one returned is not asked: the ledger has the outcome. */
export type WorkflowState = 'running' | 'missing' | 'ended';

/** The workflows of requests. `eachRunning` reads Visibility, which lags by seconds; `stateOf` reads the workflow itself. */
export interface WorkflowDirectory {
  eachRunning(visit: (request_ids: string[]) => Promise<void>): Promise<void>;
  stateOf(request_id: string): Promise<WorkflowState>;
  /** Sends the decision of the ledger again, as a Signal. Resolves as well when the workflow has ended. */
  redeliver(request_id: string, decision: DecisionRef): Promise<void>;
  /** Sends a decision whose row is written, as an Update, and waits up to 10 s for the answer. */
  decide(request_id: string, decision: DecisionRef): Promise<DecideAnswer>;
  /** How many of its workflow tasks failed or timed out in a row. Those that the server forced to close do not count. */
  failedTasks(request_id: string): Promise<number>;
  /** Some runs whose tasks Temporal reports as failing, from Visibility; none where the server does not report it. */
  troubled(limit: number): Promise<string[]>;
  /** Whether a worker answers a Query of it, open or ended. */
  isAnswered(request_id: string): Promise<boolean>;
  /** Resolves as well when it has ended. */
  terminate(request_id: string, reason: string): Promise<void>;
  /** Sends a cancellation, as a Signal: the workflow settles, and receives the outcome of the ledger. */
  cancel(request_id: string): Promise<void>;
}

/** Starts workflows. Safe to repeat: a workflow's id is derived from its row. */
export interface WorkflowStarter {
  startApproval(request: RequestRecord): Promise<void>;
  /** Starts a new run if no workflow is open, also after one has ended. Only after a look at the ledger. */
  restartApproval(request: RequestRecord): Promise<void>;
  startDelivery(ref: DeliveryRef): Promise<void>;
  resumeThread(project_id: string, interrupt: AnsweredInterrupt): Promise<void>;
}
