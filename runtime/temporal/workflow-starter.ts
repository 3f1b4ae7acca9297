import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  ANSWERED_SIGNAL,
  APPROVAL_WORKFLOW,
  type ApprovalInput,
  approvalWorkflowId,
  DELIVERY_WORKFLOW,
  type DeliveryRef,
  deliveryWorkflowId,
  RESUME_WORKFLOW,
  type ResumeInput,
  resumeWorkflowId,
} from '../../contracts/workflow.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import type { WorkflowStarter } from '../../domain/approval/workflow-ports.ts';
import type { AnsweredInterrupt } from '../../domain/outbox/ports.ts';

const approvalInput = (request: RequestRecord): ApprovalInput => ({
  project_id: request.project_id,
  request_id: request.id,
  payload_digest: request.payload_digest,
  requested_by: request.requested_by,
  expires_at_ms: request.expires_at.getTime(),
  accept_unsigned_signals: request.accept_unsigned_signals,
});

async function unlessStarted(start: Promise<unknown>): Promise<void> {
  await start.catch((error: unknown) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}

/** Workflow ids come from rows, so a second start finds the first workflow. */
export const workflowStarter = (client: Client, taskQueue: string): WorkflowStarter => {
  const start = (request: RequestRecord, workflowIdReusePolicy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE') =>
    unlessStarted(
      client.workflow.start(APPROVAL_WORKFLOW, {
        workflowId: approvalWorkflowId(request.id),
        taskQueue,
        args: [approvalInput(request)],
        workflowIdReusePolicy,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowTaskTimeout: '5s',
      }),
    );
  return {
    startApproval: (request) => start(request, 'REJECT_DUPLICATE'),
    restartApproval: (request) => start(request, 'ALLOW_DUPLICATE'),
    startDelivery: (ref: DeliveryRef) =>
      unlessStarted(
        client.workflow.start(DELIVERY_WORKFLOW, {
          workflowId: deliveryWorkflowId(ref.delivery_id),
          taskQueue,
          args: [ref],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      ),
    async resumeThread(project_id: string, { thread_key, interrupt_id, graph, task_queue }: AnsweredInterrupt) {
      const input: ResumeInput = { project_id, thread_key, graph, task_queue };
      await client.workflow.signalWithStart(RESUME_WORKFLOW, {
        workflowId: resumeWorkflowId(project_id, thread_key),
        taskQueue,
        args: [input],
        signal: ANSWERED_SIGNAL,
        signalArgs: [interrupt_id],
      });
    },
  };
};
