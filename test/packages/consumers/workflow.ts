/** A consumer of the workflows: its own worker registers them beside its own workflows, and its client starts one by type. */
import type { Client } from '@temporalio/client';
import type { ApprovalInput } from 'letsping-temporal/contracts';
import { approvalWorkflowId } from 'letsping-temporal/contracts';
import { approvalV1, deliveryV1, reconcileV1, resumeThreadV1 } from 'letsping-temporal/workflow';

export { approvalV1, deliveryV1, reconcileV1, resumeThreadV1 };

export const start = (client: Client, input: ApprovalInput) =>
  client.workflow.start(approvalV1, {
    workflowId: approvalWorkflowId(input.request_id),
    taskQueue: 'approvals',
    args: [input],
  });
