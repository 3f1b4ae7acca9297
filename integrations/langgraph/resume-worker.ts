import type { PayloadCodec } from '@temporalio/common';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { LetsPingError } from '../../client/errors.ts';
import { registered } from '../../contracts/activities.ts';
import { connectionFault, sdkFault } from '../../runtime/temporal/sdk-copies.ts';
import type { OnGraphError } from './activity-errors.ts';
import { assertOneLangGraph } from './one-langgraph.ts';
import { createResumeThread, type ResumableGraph, resumable } from './resume-thread.ts';

export interface ResumeWorkerOptions {
  /** By the names in their checkpointers. */
  graphs: Record<string, ResumableGraph>;
  /** Default `letsping-agents`, as `resume_task_queue` in the project's policy. */
  taskQueue?: string;
  /** Default: a connection from Temporal's own configuration (`TEMPORAL_ADDRESS`, profiles), closed at the end. */
  connection?: NativeConnection;
  /** Default: that of the configuration, else `default`. */
  namespace?: string;
  /** Threads resumed concurrently. Default 20. */
  maxConcurrent?: number;
  /** The codecs of your namespace, where api and worker have them too (`LETSPING_PAYLOAD_CODEC`). Default: none. */
  payloadCodecs?: PayloadCodec[];
  /** Receives what a node threw. Temporal records only that a node failed, and retries. */
  onError?: OnGraphError;
}

export interface ResumeWorker {
  /** Resolves after `shutdown`; rejects if the worker fails. */
  run(): Promise<void>;
  /** Running threads get 10 seconds and are then cancelled; another worker continues them. */
  shutdown(): void;
}

const GRACE = '10s';

/**
 * Resumes threads whose interrupts were answered: a Temporal worker with one activity and no workflow.
 *
 * @throws TypeError for a graph without `LetsPingCheckpointer`, or with another name in its checkpointer; LetsPingError
 * `LETSPING_UNSUPPORTED_VERSION` or `LETSPING_TWO_COPIES`, about LangGraph or Temporal's SDK.
 * @example
 * await resumeWorker({ graphs: { payments: graph } }).run();
 */
export function resumeWorker({
  graphs,
  taskQueue = 'letsping-agents',
  connection,
  namespace,
  maxConcurrent = 20,
  payloadCodecs = [],
  onError,
}: ResumeWorkerOptions): ResumeWorker {
  assertOneLangGraph();
  const fault = sdkFault() ?? (connection && connectionFault(connection));
  if (fault) throw new LetsPingError(fault.code, fault.message);
  const resumeThread = createResumeThread(
    Object.fromEntries(Object.entries(graphs).map(([name, graph]) => [name, resumable(name, graph)])),
    onError,
  );
  let worker: Worker | undefined;
  let stopped = false;

  async function run(): Promise<void> {
    // Loaded here, so that an agent's process that only pauses does not load Temporal's native library.
    const [{ NativeConnection, Worker }, { loadClientConnectConfig }] = await Promise.all([
      import('@temporalio/worker'),
      import('@temporalio/envconfig'),
    ]);
    const configured = loadClientConnectConfig();
    const connected = connection ?? (await NativeConnection.connect(configured.connectionOptions));
    try {
      if (stopped) return;
      worker = await Worker.create({
        connection: connected,
        namespace: namespace ?? configured.namespace ?? 'default',
        taskQueue,
        activities: registered({ resumeThread }),
        maxConcurrentActivityTaskExecutions: maxConcurrent,
        // A frozen process keeps its open polls, and each holds a task until its heartbeat times out.
        maxConcurrentActivityTaskPolls: 2,
        // Cancellation arrives with heartbeats, which by default are throttled for most of their time-out.
        maxHeartbeatThrottleInterval: '1s',
        shutdownGraceTime: GRACE,
        dataConverter: { payloadCodecs },
      });
      if (stopped) worker.shutdown();
      await worker.run();
    } finally {
      if (!connection) await connected.close();
    }
  }

  return {
    run,
    shutdown() {
      stopped = true;
      if (worker?.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
