import type { PolicyVersion } from '../contracts/policy.ts';
import type { Statement } from '../contracts/receipt.ts';
import type { Finding, PatchScreening } from '../contracts/verdict.ts';
import type { DecisionRef, DeliveryRef, RequestRef, Resolution, Settled } from '../contracts/workflow.ts';
import type {
  DecisionRecord,
  LedgerRecord,
  RequestRecord,
  UnsealedDecision,
  UnsealedRequest,
} from '../domain/approval/record.ts';

/** What the steps need from storage and from the outside, cut by who uses it. */

export interface ScreenStore {
  request(ref: RequestRef): Promise<UnsealedRequest | undefined>;
  decision(ref: RequestRef, decision_id: string): Promise<UnsealedDecision | undefined>;
  policy(project_id: string): Promise<PolicyVersion>;
  /** The first screening of a patch stands, and is returned. */
  recordScreening(
    ref: RequestRef,
    decision_id: string,
    screening: PatchScreening,
    findings: Finding[],
  ): Promise<PatchScreening>;
}

/** A request held fast, while nothing stands for it yet. */
export interface LedgerEntry {
  request: RequestRecord;
  now: Date;
  decision(id: string): Promise<DecisionRecord | undefined>;
  /** The patch of this request whose payload has this digest. */
  patch(patched_digest: string): Promise<DecisionRecord | undefined>;
  write(row: Omit<LedgerRecord, 'request_id'>): Promise<string[]>;
}

export interface Ledger {
  /** One transaction. `work` runs only when nothing stands; else what stands is returned. Undefined: no such request. */
  settleOnce(ref: RequestRef, work: (entry: LedgerEntry) => Promise<Settled>): Promise<Settled | undefined>;
}

export interface StatementSigner {
  sign(statement: Statement): Promise<string>;
}

/** An interrupt of a thread, and whether all its requests are closed. */
export interface AnsweredInterrupt {
  thread_key: string;
  interrupt_id: string;
  graph: string;
  task_queue: string;
  all_closed: boolean;
}

export interface DeliveryStore {
  /** Undefined for an unknown row or one that was delivered. */
  undelivered(ref: DeliveryRef): Promise<RequestRef | undefined>;
  interruptOf(ref: RequestRef): Promise<AnsweredInterrupt | undefined>;
  mark(ref: DeliveryRef, state: 'started' | 'delivered' | 'dead'): Promise<void>;
}

export interface ReconcileStore {
  unstartedRequests(limit: number): Promise<RequestRecord[]>;
  unstartedDeliveries(limit: number): Promise<DeliveryRef[]>;
  markStarted(ref: RequestRef): Promise<void>;
}

/** What the ledger and the projection say of many requests. `graceMs`: younger ones may be on their way right now. */
export interface WorkflowScanStore {
  /** Of these, those with an outcome, and the decision that made it, where a person did through the api. */
  closedAmong(
    request_ids: string[],
    graceMs: number,
  ): Promise<{ ref: RequestRef; decision: DecisionRef | undefined }[]>;
  /** Started and without an outcome, by id. */
  unsettled(after: string, limit: number, graceMs: number): Promise<RequestRef[]>;
  request(ref: RequestRef): Promise<RequestRecord | undefined>;
  /** `settleOnce`, with an incident beside an outcome that this call makes final. */
  close(ref: RequestRef, work: (entry: LedgerEntry) => Promise<Settled>): Promise<Settled | undefined>;
  repairProjections(after: string, limit: number): Promise<{ repaired: RequestRef[]; next: string | undefined }>;
}

/** A request's workflow, as Temporal has it now. `resolution`: what it returned, for one that ended by itself. */
export type WorkflowState = { state: 'running' } | { state: 'missing' } | { state: 'ended'; resolution?: Resolution };

/** The workflows of requests. `eachRunning` is the one use of Visibility, which is seconds behind; `stateOf` is not. */
export interface WorkflowDirectory {
  eachRunning(visit: (request_ids: string[]) => Promise<void>): Promise<void>;
  stateOf(request_id: string): Promise<WorkflowState>;
  /** Sends the decision that stands once more, as Signal. */
  remind(request_id: string, decision: DecisionRef): Promise<void>;
  /** Asks it to end: it settles, and finds what stands. */
  withdraw(request_id: string): Promise<void>;
}

/** What the reconciler mends. */
export type Repair =
  | 'request_started'
  | 'delivery_started'
  | 'outcome_told_again'
  | 'workflow_started_again'
  | 'workflow_ended'
  | 'projection';

/** Told of each repair: it is counted, and it is an alarm. */
export type OnRepair = (kind: Repair, ref: { project_id: string; request_id?: string; delivery_id?: string }) => void;

export interface WorkflowScanActivities {
  /** Compares the ledger with Temporal and with the projection, and mends. Returns how much of each. */
  reconcileWorkflows(): Promise<Partial<Record<Repair, number>>>;
}

/** Starts workflows; each is safe to repeat, since its id is that of its row. */
export interface WorkflowStarter {
  startApproval(request: RequestRecord): Promise<void>;
  startDelivery(ref: DeliveryRef): Promise<void>;
  resumeThread(project_id: string, interrupt: AnsweredInterrupt): Promise<void>;
}
