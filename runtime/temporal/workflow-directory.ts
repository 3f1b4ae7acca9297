import type { Client } from '@temporalio/client';
import {
  APPROVAL_WORKFLOW,
  approvalWorkflowId,
  CANCEL_RECORDED_SIGNAL,
  DECIDE_RECORDED_SIGNAL,
  type DecisionRef,
} from '../../contracts/workflow.ts';
import type { WorkflowDirectory } from '../../domain/approval/workflow-ports.ts';
import { temporalFailure } from './errors.ts';

const PAGE = 500;
const PREFIX = approvalWorkflowId('');
/** These search attributes exist in every namespace. */
const RUNNING = `WorkflowType = '${APPROVAL_WORKFLOW}' AND ExecutionStatus = 'Running'`;

/** False where the workflow is not open: it has ended, or was never started. */
const isOpenFor = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => true,
    (error: unknown) => {
      if (temporalFailure(error)?.kind === 'not_found') return false;
      throw error;
    },
  );

/** Sends a recorded cancellation to an approval's workflow. False where none is open. */
export const cancelApproval = (client: Client, request_id: string): Promise<boolean> =>
  isOpenFor(client.workflow.getHandle(approvalWorkflowId(request_id)).signal(CANCEL_RECORDED_SIGNAL));

/** The approval workflows of a namespace, as the reconciler reads and repairs them. Of a list, only ids are read. */
export const workflowDirectory = (client: Client): WorkflowDirectory => {
  const handleOf = (request_id: string) => client.workflow.getHandle(approvalWorkflowId(request_id));
  return {
    async eachRunning(visit) {
      let page: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: RUNNING, pageSize: PAGE })) {
        if (!workflowId.startsWith(PREFIX)) continue;
        page.push(workflowId.slice(PREFIX.length));
        if (page.length < PAGE) continue;
        await visit(page);
        page = [];
      }
      if (page.length > 0) await visit(page);
    },
    async stateOf(request_id) {
      try {
        const { status } = await handleOf(request_id).describe();
        return status.name === 'RUNNING' || status.name === 'PAUSED' ? 'running' : 'ended';
      } catch (error) {
        if (temporalFailure(error)?.kind === 'not_found') return 'missing';
        throw error;
      }
    },
    redeliver: async (request_id, decision) => {
      await isOpenFor(handleOf(request_id).signal<[DecisionRef]>(DECIDE_RECORDED_SIGNAL, decision));
    },
    cancel: async (request_id) => {
      await cancelApproval(client, request_id);
    },
  };
};
