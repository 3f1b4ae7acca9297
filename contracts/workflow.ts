/**
 * The message contract of the workflows: names, ids and the references that cross into Temporal. Only ids, digests and
 * enums, under 1 KB, so that a history holds no user text. Free of zod, for the workflow sandbox.
 */
import type { Cause, OutcomeStatus } from './decision.ts';
import type { DecisionType } from './decision-type.ts';
import type { Verdict } from './verdict.ts';

export const APPROVAL_WORKFLOW = 'approvalV1';
export const DELIVERY_WORKFLOW = 'deliveryV1';
export const RESUME_WORKFLOW = 'resumeThreadV1';
export const RECONCILE_WORKFLOW = 'reconcileV1';

export const DECIDE_UPDATE = 'decide';
/** The Signal of a team's own bot. It shares the Update's name, which is another kind of message. */
export const DECIDE_SIGNAL = 'decide';
export const DECIDE_RECORDED_SIGNAL = 'decide_recorded';
/** A cancellation whose row the api has written. Temporal's own cancellation reaches a run only once, so the api does not use it. */
export const CANCEL_RECORDED_SIGNAL = 'cancel_recorded';
export const APPROVAL_QUERY = 'approval';
export const ANSWERED_SIGNAL = 'answered';

export const approvalWorkflowId = (request_id: string) => `approval/${request_id}`;
export const deliveryWorkflowId = (delivery_id: string) => `delivery/${delivery_id}`;
export const resumeWorkflowId = (project_id: string, thread_key: string) => `resume/${project_id}/${thread_key}`;

/** Identifies one request. Every activity takes it first. */
export interface RequestRef {
  project_id: string;
  request_id: string;
}

/** What `approvalV1` starts with. `requested_by` is the owner of the key that opened the request. */
export interface ApprovalInput extends RequestRef {
  payload_digest: string;
  requested_by: string;
  /** Epoch milliseconds. */
  expires_at_ms: number;
  accept_unsigned_signals: boolean;
}

/** How a request ended, or is proposed to end. `payload_digest` is of the payload that may run. `actor` is a key's owner. */
export interface Resolution {
  status: OutcomeStatus;
  cause: Cause;
  payload_digest: string;
  decision_id?: string;
  actor?: string;
  verified?: boolean;
  /** When it was settled, epoch milliseconds. With `mac`, absent in results of earlier releases. */
  resolved_at_ms?: number;
  /** Made by `settle` with a key of the project, base64url: a reader without it asks the ledger. */
  mac?: string;
}

/** The answer of `settle`: the resolution in the ledger, and the deliveries that its transaction put into the outbox. */
export interface Settled {
  resolution: Resolution;
  delivery_ids: string[];
}

/** Update `decide` and Signal `decide_recorded`: a decision whose row the api has written. */
export interface DecisionRef {
  decision_id: string;
  type: DecisionType;
  actor: string;
  payload_digest: string;
  /** Present when and only when `type` is `patch`. An approval of that patch names it as its `payload_digest`. */
  patched_digest?: string;
  /** When its row was written, epoch milliseconds. A hint for the workflow: `settle` reads the row. */
  decided_at_ms?: number;
}

/** Signal `decide` of a team's own bot: `decision_id` makes a repeat harmless. */
export interface BotDecision {
  type: 'approve' | 'reject';
  actor: string;
  payload_digest: string;
  decision_id?: string;
}

/** `checking`: `settle` looks for the rows behind a message. Without them the request is pending again. */
export const PHASES = ['screening', 'pending', 'patching', 'checking', 'closed'] as const;
export type Phase = (typeof PHASES)[number];

/** Answer of Query `approval`. */
export interface ApprovalView {
  phase: Phase;
  payload_digest: string;
  expires_at_ms: number;
  /** Signals that were read and did not count: malformed, or refused by the rules. */
  ignored_signals: number;
  /** False after a hundred Signals. Then decisions count as Updates only, which is how the api sends them. */
  reads_signals: boolean;
  /** Messages that `settle` refused because no row supports them. */
  refused_outcomes: number;
  resolution?: Resolution;
}

/** Identifies one row of the outbox. */
export interface DeliveryRef {
  project_id: string;
  delivery_id: string;
}

/** What `resumeThreadV1` starts with. `thread_key` is an HMAC of the thread's id: no user text in a workflow id. */
export interface ResumeInput {
  project_id: string;
  thread_key: string;
  graph: string;
  task_queue: string;
}

/** The input of the team's resume activity: the answered interrupts of a thread. */
export interface ResumeRef {
  project_id: string;
  thread_key: string;
  graph: string;
  interrupt_ids: string[];
}

/** The answer of `screenPatch`. `second_approver`: the patch counts when another person approves it too. */
export type ScreenAnswer = Verdict | 'second_approver';

/**
 * `type` of the ApplicationFailures of a team's resume activity, and `cause` of an answer that was not delivered. A node may throw
 * an ApplicationFailure with a type of its own.
 */
export const RESUME_FAILURES = [
  'in_progress',
  'step_running',
  'unknown_graph',
  'other_project',
  'fence_lost',
  'graph_failed',
  'unknown_thread',
  'invalid_answer',
  'timed_out',
  'failed',
] as const;
export type ResumeFailure = (typeof RESUME_FAILURES)[number];

/** The answer of `admit`. `foreign`: the workflow was started with other terms than its row's, or under another id. */
export type Admission = Verdict | 'foreign';

/** Types of the ApplicationFailures by which `settle` refuses an outcome. */
export const FORGED = 'forged';
/** The deadline is ahead by the database's clock. Details: the remaining milliseconds. */
export const EARLY = 'early';
