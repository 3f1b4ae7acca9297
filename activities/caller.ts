import { APPROVAL_WORKFLOW, approvalWorkflowId, type RequestRef } from '../contracts/workflow.ts';

/** The workflow that scheduled an activity, as Temporal names it. */
export interface Caller {
  workflow_id: string;
  workflow_type: string;
}

/** Any workflow in the namespace can schedule our activities. A name proves nothing by itself, but a wrong one is an alarm. */
export const isOwnWorkflow = ({ workflow_id, workflow_type }: Caller, { request_id }: RequestRef): boolean =>
  workflow_id === approvalWorkflowId(request_id) && workflow_type === APPROVAL_WORKFLOW;
