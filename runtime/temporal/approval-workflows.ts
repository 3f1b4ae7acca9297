import type { Client } from '@temporalio/client';
import { approvalWorkflowId } from '../../contracts/workflow.ts';
import type { ApprovalWorkflows } from '../../domain/approval/approval-workflows.ts';
import { temporalFailure } from './errors.ts';
import { createRedeliveryQueue } from './redelivery-queue.ts';
import { decide, record } from './send-decision.ts';
import { cancelApproval } from './workflow-directory.ts';
import { createWorkflowStartQueue, type WorkflowStartQueueDeps } from './workflow-start-queue.ts';
import { workflowStarter } from './workflow-starter.ts';

export interface ApprovalWorkflowsDeps extends Pick<WorkflowStartQueueDeps, 'store' | 'log'> {
  client: Client;
  taskQueue: string;
}

/** The api's port to the workflows of held requests, over the Temporal client. */
export function approvalWorkflows({ client, taskQueue, store, log }: ApprovalWorkflowsDeps): ApprovalWorkflows {
  const { startApproval, restartApproval } = workflowStarter(client, taskQueue);
  const starts = createWorkflowStartQueue({ startApproval, store, log });
  const redeliveries = createRedeliveryQueue((request_id, decision) => record(client, request_id, decision));
  return {
    start: starts.add,
    async decide(request, decision, options) {
      if (options?.startFirst) await restartApproval(request).catch(() => {}); // Temporal is unavailable: the Update says so
      return decide(client, request.id, decision);
    },
    record: (request_id, decision) => record(client, request_id, decision),
    redeliver: redeliveries.add,
    async cancel(request) {
      try {
        const isOpen = await cancelApproval(client, request.id);
        if (!isOpen) {
          await restartApproval(request);
          await cancelApproval(client, request.id);
        }
      } catch (error) {
        const kind = temporalFailure(error)?.kind;
        if (kind === 'unavailable' || kind === 'timeout' || kind === 'busy') return 'unavailable';
        throw error;
      }
      // Waits as long as the connection lets a call take: 5 s.
      await client.workflow
        .getHandle(approvalWorkflowId(request.id))
        .result()
        .catch(() => {});
      return 'requested';
    },
    async end() {
      redeliveries.end();
      await starts.end();
    },
  };
}
