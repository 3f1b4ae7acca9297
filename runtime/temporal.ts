import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { AnsweredInterrupt, WorkflowStarter } from '../activities/ports.ts';
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
} from '../contracts/workflow.ts';
import type { RequestRow } from '../domain/approval/record.ts';

/** Where Temporal is: the standard `TEMPORAL_*` settings and profiles. */
export const temporalSettings = (env: NodeJS.ProcessEnv) => {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env as Record<string, string> });
  return { connectionOptions, namespace: namespace ?? 'default' };
};

/**
 * A client whose connection is made at first use, so that a process starts while Temporal is away. The SDK's own retry is off:
 * it sleeps past deadlines, and "server away" would look like "no worker".
 */
export function temporalClient(env: NodeJS.ProcessEnv): { client: Client; connection: Connection } {
  const { connectionOptions, namespace } = temporalSettings(env);
  const once = makeGrpcRetryInterceptor({ ...defaultGrpcRetryOptions(), retryableDecider: () => false });
  const connection = Connection.lazy({ ...connectionOptions, interceptors: [once] });
  return { client: new Client({ connection, namespace }), connection };
}

const approvalInput = (request: RequestRow): ApprovalInput => ({
  project_id: request.project_id,
  request_id: request.id,
  payload_digest: request.payload_digest,
  requested_by: request.requested_by,
  expires_at_ms: request.expires_at.getTime(),
  accept_unsigned_signals: request.accept_unsigned_signals,
});

async function unlessThere(start: Promise<unknown>): Promise<void> {
  await start.catch((error: unknown) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}

/** Starts by ids that come from rows: a second start finds the first. */
export const workflowStarter = (client: Client, taskQueue: string): WorkflowStarter => ({
  startApproval: (request) =>
    unlessThere(
      client.withDeadline(Date.now() + 5_000, () =>
        client.workflow.start(APPROVAL_WORKFLOW, {
          workflowId: approvalWorkflowId(request.id),
          taskQueue,
          args: [approvalInput(request)],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowTaskTimeout: '5s',
        }),
      ),
    ),
  startDelivery: (ref: DeliveryRef) =>
    unlessThere(
      client.withDeadline(Date.now() + 5_000, () =>
        client.workflow.start(DELIVERY_WORKFLOW, {
          workflowId: deliveryWorkflowId(ref.delivery_id),
          taskQueue,
          args: [ref],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      ),
    ),
  async resumeThread(project_id: string, { thread_key, interrupt_id, graph, task_queue }: AnsweredInterrupt) {
    const input: ResumeInput = { project_id, thread_key, graph, task_queue };
    await client.withDeadline(Date.now() + 5_000, () =>
      client.workflow.signalWithStart(RESUME_WORKFLOW, {
        workflowId: resumeWorkflowId(project_id, thread_key),
        taskQueue,
        args: [input],
        signal: ANSWERED_SIGNAL,
        signalArgs: [interrupt_id],
      }),
    );
  },
});
