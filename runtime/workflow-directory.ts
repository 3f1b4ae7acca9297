import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowDirectory } from '../activities/ports.ts';
import {
  APPROVAL_WORKFLOW,
  approvalWorkflowId,
  DECIDE_RECORDED_SIGNAL,
  type DecisionRef,
  type Resolution,
} from '../contracts/workflow.ts';

const PAGE = 500;
const PREFIX = approvalWorkflowId('');
/** Needs no search attribute of ours: these three stand in every namespace. */
const RUNNING = `WorkflowType = '${APPROVAL_WORKFLOW}' AND ExecutionStatus = 'Running'`;

/** Approval workflows over a client; nothing but ids is read of them. */
export const workflowDirectory = (client: Client): WorkflowDirectory => {
  const handleOf = (request_id: string) => client.workflow.getHandle(approvalWorkflowId(request_id));
  /** It ended meanwhile: as it should. */
  const unlessGone = (error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  };
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
        if (status.name === 'RUNNING' || status.name === 'PAUSED') return { state: 'running' };
        if (status.name !== 'COMPLETED') return { state: 'ended' };
        return { state: 'ended', resolution: (await handleOf(request_id).result()) as Resolution };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { state: 'missing' };
        throw error;
      }
    },
    remind: (request_id, decision) =>
      handleOf(request_id).signal<[DecisionRef]>(DECIDE_RECORDED_SIGNAL, decision).catch(unlessGone),
    withdraw: async (request_id) => {
      await handleOf(request_id).cancel().catch(unlessGone);
    },
  };
};
