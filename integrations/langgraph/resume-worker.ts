import type { NativeConnection, Worker } from '@temporalio/worker';
import { registered } from '../../contracts/activities.ts';
import type { OnGraphError } from './activity-errors.ts';
import { createResumeThread, type ResumableGraph, resumable } from './resume-thread.ts';

export interface ResumeWorkerOptions {
  /** By the names that their checkpointers give them. */
  graphs: Record<string, ResumableGraph>;
  /** Default `letsping-agents`: that of the project's policy, `resume_task_queue`. */
  taskQueue?: string;
  /** Default: made from Temporal's own configuration (`TEMPORAL_ADDRESS`, profiles), and closed at the end. */
  connection?: NativeConnection;
  /** Default: that configuration's, else `default`. */
  namespace?: string;
  /** Threads continued at once. Default 20. */
  maxConcurrent?: number;
  /** Told of what a node threw. Temporal is told only that one did, and tries again. */
  onError?: OnGraphError;
}

export interface ResumeWorker {
  /** Resolves after `shutdown`, or rejects when the worker fails. */
  run(): Promise<void>;
  /** What runs is given 10 seconds, then cancelled; another worker goes on with it. */
  shutdown(): void;
}

const GRACE = '10s';

/**
 * Continues threads whose questions were answered: a Temporal worker with one activity, and no workflow.
 *
 * @throws TypeError for a graph without `LetsPingCheckpointer`, or one that its checkpointer calls otherwise.
 * @example
 * await resumeWorker({ graphs: { payments: graph } }).run();
 */
export function resumeWorker({
  graphs,
  taskQueue = 'letsping-agents',
  connection,
  namespace,
  maxConcurrent = 20,
  onError,
}: ResumeWorkerOptions): ResumeWorker {
  const resumeThread = createResumeThread(
    Object.fromEntries(Object.entries(graphs).map(([name, graph]) => [name, resumable(name, graph)])),
    onError,
  );
  let worker: Worker | undefined;
  let stopped = false;

  async function run(): Promise<void> {
    // Loaded here: an agent's process that only pauses does without Temporal's native library.
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
        // A frozen process keeps its open polls, and each swallows a task until that one's heartbeat is missed.
        maxConcurrentActivityTaskPolls: 2,
        // Cancellation rides on heartbeats, which else are held back for most of their time-out.
        maxHeartbeatThrottleInterval: '1s',
        shutdownGraceTime: GRACE,
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
