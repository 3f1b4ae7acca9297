import type { PolicyVersion } from '../contracts/policy.ts';
import type { Statement } from '../contracts/receipt.ts';
import type { Finding } from '../contracts/verdict.ts';
import type { DeliveryRef, RequestRef, Settled } from '../contracts/workflow.ts';
import type { DecisionRecord, DecisionRow, LedgerRow, RequestRecord, RequestRow } from '../domain/approval/record.ts';

/** What the steps need from storage and from the outside, cut by who uses it. */

export interface ScreenStore {
  request(ref: RequestRef): Promise<RequestRecord | undefined>;
  decision(ref: RequestRef, decision_id: string): Promise<DecisionRecord | undefined>;
  policy(project_id: string): Promise<PolicyVersion>;
  recordScreening(ref: RequestRef, decision_id: string, findings: Finding[]): Promise<void>;
}

/** A request held fast, while nothing stands for it yet. */
export interface LedgerEntry {
  request: RequestRow;
  now: Date;
  decision(id: string): Promise<DecisionRow | undefined>;
  write(row: Omit<LedgerRow, 'request_id'>): Promise<string[]>;
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
  unstartedRequests(limit: number): Promise<RequestRow[]>;
  unstartedDeliveries(limit: number): Promise<DeliveryRef[]>;
  markStarted(ref: RequestRef): Promise<void>;
}

/** Starts workflows; each is safe to repeat, since its id is that of its row. */
export interface WorkflowStarter {
  startApproval(request: RequestRow): Promise<void>;
  startDelivery(ref: DeliveryRef): Promise<void>;
  resumeThread(project_id: string, interrupt: AnsweredInterrupt): Promise<void>;
}
