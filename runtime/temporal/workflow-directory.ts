import { status } from '@grpc/grpc-js';
import type { Client } from '@temporalio/client';
import {
  APPROVAL_QUERY,
  APPROVAL_WORKFLOW,
  approvalWorkflowId,
  CANCEL_RECORDED_SIGNAL,
  DECIDE_RECORDED_SIGNAL,
  type DecisionRef,
} from '../../contracts/workflow.ts';
import type { WorkflowDirectory } from '../../domain/approval/workflow-ports.ts';
import { grpcStatus, temporalFailure } from './errors.ts';
import { decide } from './send-decision.ts';

/** `WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND` of Temporal's protocol: more messages waited than one task may have. */
const FORCE_CLOSE = 17;
const LAST_EVENTS = 20;
const PAGE = 500;
const PREFIX = approvalWorkflowId('');
/** These search attributes exist in every namespace. */
const RUNNING = `WorkflowType = '${APPROVAL_WORKFLOW}' AND ExecutionStatus = 'Running'`;

/** A search attribute that servers from 1.30 on set after five failed tasks in a row: category and cause. */
const PROBLEMS = 'TemporalReportedProblems';
const TROUBLED = `${RUNNING} AND ${PROBLEMS} IS NOT NULL`;

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
    decide: (request_id, decision) => decide(client, request_id, decision),
    async failedTasks(request_id) {
      const { status, raw } = await handleOf(request_id).describe();
      const attempt = Number(raw.pendingWorkflowTask?.attempt ?? 1);
      if (status.name !== 'RUNNING' || attempt <= 1) return 0;
      const problems = raw.workflowExecutionInfo?.searchAttributes?.indexedFields?.[PROBLEMS]?.data;
      if (problems) return Buffer.from(problems).includes('ForceCloseCommand') ? 0 : attempt - 1;
      // An older server, or fewer failures than it reports. Of failures in a row only the first is in the history.
      const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId: approvalWorkflowId(request_id) },
        maximumPageSize: LAST_EVENTS,
      });
      const last = history?.events?.find(({ workflowTaskFailedEventAttributes: failed }) => failed);
      return last?.workflowTaskFailedEventAttributes?.cause === FORCE_CLOSE ? 0 : attempt - 1;
    },
    async troubled(limit) {
      const ids: string[] = [];
      try {
        for await (const { workflowId } of client.workflow.list({ query: TROUBLED, pageSize: limit })) {
          if (workflowId.startsWith(PREFIX)) ids.push(workflowId.slice(PREFIX.length));
          if (ids.length === limit) break;
        }
      } catch (error) {
        if (grpcStatus(error) !== status.INVALID_ARGUMENT) throw error; // a server before 1.30 does not know the attribute
      }
      return ids;
    },
    isAnswered: (request_id) =>
      handleOf(request_id)
        .query(APPROVAL_QUERY)
        .then(
          () => true,
          () => false,
        ),
    terminate: async (request_id, reason) => {
      await isOpenFor(handleOf(request_id).terminate(reason));
    },
    cancel: async (request_id) => {
      await cancelApproval(client, request_id);
    },
  };
};
