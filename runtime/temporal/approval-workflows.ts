import type { Client } from '@temporalio/client';
import pTimeout from 'p-timeout';
import { approvalWorkflowId } from '../../contracts/workflow.ts';
import type { ApprovalWorkflows } from '../../domain/approval/approval-workflows.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { temporalFailure } from './errors.ts';
import { createRedeliveryQueue } from './redelivery-queue.ts';
import { decide, record } from './send-decision.ts';
import { cancelApproval, workflowDirectory } from './workflow-directory.ts';
import { createWorkflowStartQueue, type WorkflowStartQueueDeps } from './workflow-start-queue.ts';
import { workflowStarter } from './workflow-starter.ts';

export interface ApprovalWorkflowsDeps extends Pick<WorkflowStartQueueDeps, 'store' | 'log'> {
  client: Client;
  taskQueue: string;
  /** Called before a workflow that ended without an outcome is started again. */
  onEnded?: ((request: RequestRecord) => Promise<void>) | undefined;
}

/** A decision waits this long for the start of its workflow, when the two come close together. */
const START_MS = 2_000;

/** `HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT` of Temporal's protocol. */
const CLOSE_EVENT = 2;

/**
 * Waits for the end of a workflow, as long as the connection lets one call take: 5 s. The handle's `result()` would ask again after
 * each call, without end where no worker runs.
 */
const closing = (client: Client, request_id: string) =>
  client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: approvalWorkflowId(request_id) },
    waitNewEvent: true,
    historyEventFilterType: CLOSE_EVENT,
    skipArchival: true,
  });

/** The api's port to the workflows of held requests, over the Temporal client. */
export function approvalWorkflows({
  client,
  taskQueue,
  store,
  log,
  onEnded = async () => {},
}: ApprovalWorkflowsDeps): ApprovalWorkflows {
  const { startApproval, restartApproval } = workflowStarter(client, taskQueue);
  const directory = workflowDirectory(client);
  const starts = createWorkflowStartQueue({ startApproval, store, log });
  const redeliveries = createRedeliveryQueue((request_id, decision) => record(client, request_id, decision));
  /** The caller has looked at the ledger: a workflow that has ended was terminated, or completed by an attacker in the namespace. */
  const restart = async (request: RequestRecord): Promise<void> => {
    if ((await directory.stateOf(request.id)) === 'ended') await onEnded(request);
    await restartApproval(request);
  };
  return {
    start: starts.add,
    async decide(request, decision, options) {
      if (options?.startFirst)
        await restart(request).catch(() => {}); // Temporal is unavailable: the Update says so
      else await pTimeout(starts.soon(request.id), { milliseconds: START_MS, fallback: () => {} });
      return decide(client, request.id, decision);
    },
    record: (request_id, decision) => record(client, request_id, decision),
    redeliver: redeliveries.add,
    async cancel(request) {
      try {
        const isOpen = await cancelApproval(client, request.id);
        if (!isOpen) {
          await restart(request);
          await cancelApproval(client, request.id);
        }
      } catch (error) {
        const kind = temporalFailure(error)?.kind;
        if (kind === 'unavailable' || kind === 'timeout' || kind === 'busy') return 'unavailable';
        throw error;
      }
      await closing(client, request.id).catch(() => {});
      return 'requested';
    },
    async end() {
      redeliveries.end();
      await starts.end();
    },
  };
}
