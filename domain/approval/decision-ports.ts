import type { ProposedPatch } from '../../contracts/approval-request.ts';
import type { Finding } from '../../contracts/verdict.ts';
import type { Resolution } from '../../contracts/workflow.ts';
import type { DecisionRecord, NewDecision } from './record.ts';
import type { RequestWithResolution } from './status-answer.ts';

/** What the api wrote of a decision. `late`: the deadline had passed, and nothing was written. */
export type RecordedDecision =
  | ({ state: 'recorded' } & Pick<DecisionRecord, 'patched_digest' | 'created_at' | 'sent_back_at'>)
  | { state: 'late' };

/** A request that a person decides on. */
export interface DecisionEntry extends RequestWithResolution {
  /** The patch that waits for a second approver, while the request is pending. */
  proposal(): Promise<ProposedPatch | undefined>;
  /** The last step: it is committed with it. Safe to repeat under one id: the first write is kept and returned. */
  record(decision: NewDecision): Promise<RecordedDecision>;
}

export interface DecisionStore {
  /** One transaction, rolled back if `work` throws. Undefined: there is no such request. */
  deciding<T>(
    project_id: string,
    request_id: string,
    work: (entry: DecisionEntry) => Promise<T>,
  ): Promise<T | undefined>;
  /** When the workflow's answer was settled; undefined unless `settle` made it from the ledger. Reads nothing. */
  settledAt(project_id: string, request_id: string, answer: Resolution): Promise<Date | undefined>;
  /** Safe to repeat under one id: the first write is kept and returned. */
  recordDecision(project_id: string, decision: NewDecision): Promise<RecordedDecision>;
  /** The workflow refused it: it never counts from now on. */
  sendBack(project_id: string, request_id: string, decision_id: string): Promise<void>;
  /** Its maker is answered that it takes effect later, so the watcher sends it again until it is settled or sent back. */
  acknowledge(project_id: string, request_id: string, decision_id: string): Promise<void>;
  /** The patch that waits for a second approver, while the request is pending. */
  proposalOf(project_id: string, request_id: string): Promise<ProposedPatch | undefined>;
  /** What the screening of a patch found. */
  screeningOf(project_id: string, request_id: string, decision_id: string): Promise<Finding[] | undefined>;
}
