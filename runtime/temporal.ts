import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { WorkflowStarter } from '../activities/ports.ts';
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
import type { RequestRecord } from '../domain/approval/record.ts';
import type { AnsweredInterrupt } from '../domain/outbox/ports.ts';

/** Where Temporal is: the standard `TEMPORAL_*` settings and profiles. */
export const temporalSettings = (env: NodeJS.ProcessEnv) => {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env as Record<string, string> });
  return { connectionOptions, namespace: namespace ?? 'default' };
};

/** Milliseconds that a call may take; then it fails with DEADLINE_EXCEEDED. Updates wait for a worker, lists for a page. */
const CALL_MS = 5_000;
const CALLS_MS: Record<string, number> = {
  GetSystemInfo: 2_000,
  DescribeNamespace: 3_000,
  SignalWorkflowExecution: 2_000,
  UpdateWorkflowExecution: 10_000,
  PollWorkflowExecutionUpdate: 10_000,
  ListWorkflowExecutions: 15_000,
};

/** The deadline of every call, where the SDK has `client.withDeadline` (see `OneNamespace`). */
const withDeadline: Interceptor = (options, nextCall) => {
  const method = options.method_definition.path.split('/').at(-1)!;
  return new InterceptingCall(nextCall({ ...options, deadline: Date.now() + (CALLS_MS[method] ?? CALL_MS) }));
};

/**
 * The SDK keeps deadlines and the namespace's header of a call in an AsyncLocalStorage. From its first use on every promise of
 * a Node 20 process is dearer: an ingest by a tenth. Here both are the connection's own.
 */
class OneNamespace extends Connection {
  override withMetadata<T>(_metadata: unknown, call: () => Promise<T>): Promise<T> {
    return call();
  }
}

/**
 * A client whose connection is made at first use, so that a process starts while Temporal is away. The SDK's own retry is
 * left out: it sleeps past deadlines, and "server away" would look like "no worker".
 */
export function temporalClient(env: NodeJS.ProcessEnv): { client: Client; connection: Connection } {
  const { connectionOptions, namespace } = temporalSettings(env);
  const metadata = { ...connectionOptions.metadata, 'temporal-namespace': namespace };
  const connection = OneNamespace.lazy({ ...connectionOptions, metadata, interceptors: [withDeadline] });
  return { client: new Client({ connection, namespace }), connection };
}

const approvalInput = (request: RequestRecord): ApprovalInput => ({
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
      client.workflow.start(APPROVAL_WORKFLOW, {
        workflowId: approvalWorkflowId(request.id),
        taskQueue,
        args: [approvalInput(request)],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowTaskTimeout: '5s',
      }),
    ),
  startDelivery: (ref: DeliveryRef) =>
    unlessThere(
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
});
