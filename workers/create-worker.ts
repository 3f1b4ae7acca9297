import type { PayloadCodec } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { Registered, WorkerActivities } from '../contracts/activities.ts';
import { readNoExternalReferences } from '../runtime/temporal/external-references.ts';

export interface WorkerOptions {
  connection: NativeConnection;
  namespace: string;
  /** By their registered names: `createActivities`. */
  activities: Partial<Registered<WorkerActivities>>;
  workflowBundle: WorkflowBundleOption;
  taskQueue: string;
  /** Those of `loadPayloadCodecs`: one that throws would fail every workflow task. Default: none. */
  payloadCodecs?: PayloadCodec[];
}

/**
 * The worker of approvals. The sticky queue timeout is 1 s (default 10 s), so that a decision waits no longer after a worker was
 * killed. A cached workflow takes about 0.15 MB and replays cheaply, so the cache is small. The bundle has the payload converter.
 */
export function createWorker({
  connection,
  namespace,
  activities,
  workflowBundle,
  taskQueue,
  payloadCodecs = [],
}: WorkerOptions): Promise<Worker> {
  readNoExternalReferences();
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    activities,
    workflowBundle,
    stickyQueueScheduleToStartTimeout: '1s',
    maxCachedWorkflows: 1_000,
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    maxConcurrentWorkflowTaskExecutions: 80,
    shutdownGraceTime: '20s',
    dataConverter: { payloadCodecs },
  });
}
