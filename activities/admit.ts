import type { WorkerActivities } from '../contracts/activities.ts';
import type { ApprovalInput } from '../contracts/workflow.ts';
import type { ScreenStore } from '../domain/approval/ports.ts';
import type { RequestRecord } from '../domain/approval/record.ts';
import { type Caller, isOwnWorkflow } from './caller.ts';
import type { ForgedRowDeps } from './forged-rows.ts';

export interface AdmitDeps extends ForgedRowDeps {
  store: Pick<ScreenStore, 'terms'>;
  caller?: (() => Caller) | undefined;
}

const hasTermsOf = (input: ApprovalInput, request: RequestRecord): boolean =>
  input.payload_digest === request.payload_digest &&
  input.requested_by === request.requested_by &&
  input.expires_at_ms === request.expires_at.getTime() &&
  input.accept_unsigned_signals === request.accept_unsigned_signals;

/**
 * The first step of a workflow: its verdict, if it was started with the terms of its row, under its own id. The attacker can start
 * workflows in the namespace: one with a nearer or later deadline, under another id, or about an unknown request ends here, with an alarm
 * and an incident of the request that it names.
 */
export const createAdmit =
  ({ store, incidents, caller, onIncident = () => {} }: AdmitDeps): WorkerActivities['admit'] =>
  async (input) => {
    const ref = { project_id: input.project_id, request_id: input.request_id };
    const request = await store.terms(ref);
    if (request && hasTermsOf(input, request) && (!caller || isOwnWorkflow(caller(), ref))) return request.verdict;
    onIncident(ref, 'foreign_start');
    await incidents.report(ref, 'foreign_start');
    return 'foreign';
  };
