/**
 * The activities that our workflows call, and the names under which workers register them. Free of zod: the workflow sandbox
 * imports this.
 */
import type {
  Admission,
  ApprovalInput,
  DeliveryRef,
  RequestRef,
  Resolution,
  ResumeRef,
  ScreenAnswer,
  Settled,
} from './workflow.ts';

/** Inconsistencies that the reconciler and the watcher repair. */
export type Repair =
  | 'request_started'
  | 'delivery_started'
  | 'outcome_redelivered'
  | 'workflow_started_again'
  | 'projection'
  | 'deadline_enforced'
  | 'decision_sent_again'
  | 'cancellation_settled'
  | 'quarantined';

/** The activities of our own worker. All are safe to repeat. */
export interface WorkerActivities {
  /** Compares the terms that a workflow was started with to the request's row, and returns its verdict. */
  admit(input: ApprovalInput): Promise<Admission>;
  /**
   * The verdict on a patch. `block` means that it does not count (blocked, or with a finding that the original lacked);
   * `second_approver` that it has such a finding and the policy lets another person approve it; anything else that it counts.
   */
  screenPatch(ref: RequestRef, decision_id: string): Promise<ScreenAnswer>;
  /**
   * Derives the outcome from rows and the database's clock, writes it unless the ledger has one, and returns the ledger's. `proposed` is
   * a hint. Throws `forged` if no row supports it, `early` before the deadline; nothing changes then.
   */
  settle(ref: RequestRef, proposed: Resolution): Promise<Settled>;
  /** Starts one `deliveryV1` per outbox row; the reconciler starts what this missed. */
  startDeliveries(refs: DeliveryRef[]): Promise<void>;
  /** Hands one outbox row to its receiver, and marks it. */
  deliver(ref: DeliveryRef): Promise<void>;
  /** Marks a row that was not delivered after all retries. */
  deadLetter(ref: DeliveryRef): Promise<void>;
  /** Starts the workflows of requests and deliveries that have none. Returns the counts. */
  reconcile(): Promise<{ requests: number; deliveries: number }>;
  /** Compares the ledger with Temporal and with the projection, and repairs differences. Returns the count of each. */
  reconcileWorkflows(): Promise<Partial<Record<Repair, number>>>;
}

/** The one activity of a team's resume worker, on the team's own task queue. */
export interface ResumeActivities {
  resumeThread(ref: ResumeRef): Promise<{ resumed: string[]; next: string[] }>;
}

export type Activities = WorkerActivities & ResumeActivities;
export type ActivityName = keyof Activities;

/**
 * The registered names. The prefix keeps them apart from a team's own activities: a worker that runs both would otherwise
 * overwrite a team's `deliver` with ours.
 */
export const ACTIVITY = {
  admit: 'letsping.admit',
  screenPatch: 'letsping.screenPatch',
  settle: 'letsping.settle',
  startDeliveries: 'letsping.startDeliveries',
  deliver: 'letsping.deliver',
  deadLetter: 'letsping.deadLetter',
  reconcile: 'letsping.reconcile',
  reconcileWorkflows: 'letsping.reconcileWorkflows',
  resumeThread: 'letsping.resumeThread',
} as const satisfies { [Name in ActivityName]: `letsping.${Name}` };

/** Activities under their registered names: what `Worker.create` takes. */
export type Registered<A extends Partial<Activities>> = {
  [Name in keyof A & ActivityName as (typeof ACTIVITY)[Name]]: A[Name];
};

export const registered = <A extends Partial<Activities>>(activities: A): Registered<A> =>
  Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [ACTIVITY[name as ActivityName], activity]),
  ) as Registered<A>;
