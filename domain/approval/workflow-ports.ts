import type { DecisionRef, DeliveryRef, Resolution } from '../../contracts/workflow.ts';
import type { AnsweredInterrupt } from '../outbox/ports.ts';
import type { RequestRecord } from './record.ts';

/** What the worker needs from Temporal; `ApprovalWorkflows` is the api's port. */

/** The state of a request's workflow in Temporal. `resolution` is its result, if it completed. */
export type WorkflowState = { state: 'running' } | { state: 'missing' } | { state: 'ended'; resolution?: Resolution };

/** The workflows of requests. `eachRunning` reads Visibility, which lags by seconds; `stateOf` reads the workflow itself. */
export interface WorkflowDirectory {
  eachRunning(visit: (request_ids: string[]) => Promise<void>): Promise<void>;
  stateOf(request_id: string): Promise<WorkflowState>;
  /** Sends the decision of the ledger again, as a Signal. Resolves as well when the workflow has ended. */
  redeliver(request_id: string, decision: DecisionRef): Promise<void>;
  /** Requests cancellation: the workflow settles, and receives the outcome of the ledger. */
  cancel(request_id: string): Promise<void>;
}

/** Starts workflows. Safe to repeat: a workflow's id is derived from its row. */
export interface WorkflowStarter {
  startApproval(request: RequestRecord): Promise<void>;
  startDelivery(ref: DeliveryRef): Promise<void>;
  resumeThread(project_id: string, interrupt: AnsweredInterrupt): Promise<void>;
}
