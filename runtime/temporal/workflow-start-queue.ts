import PQueue from 'p-queue';
import type { WorkflowStartStore } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import type { WorkflowStarter } from '../../domain/approval/workflow-ports.ts';
import type { Logger } from '../log.ts';

/** Keeps Temporal busy and leaves it room for decisions. */
const CONCURRENCY = 8;
/** The reconciler starts the rest. */
const MAX_WAITING = 1_000;

/** Starts the workflows of requests that were acknowledged. */
export interface WorkflowStartQueue {
  /** Returns at once. */
  add(request: RequestRecord): void;
  /** Drops what waits, which the reconciler starts; resolves when the starts in progress have ended. */
  end(): Promise<void>;
}

export interface WorkflowStartQueueDeps extends Pick<WorkflowStarter, 'startApproval'> {
  store: WorkflowStartStore;
  log: Pick<Logger, 'warn'>;
}

/**
 * A held request is acknowledged by its row, and no caller waits for its workflow: a burst of requests is answered at the
 * speed of the database, and Temporal starts workflows at its own. The reconciler, or the first decision, starts a workflow
 * whose start failed, was lost with this process or found the queue full. The mark sends the event `approval_request.held`.
 */
export function createWorkflowStartQueue(deps: WorkflowStartQueueDeps): WorkflowStartQueue {
  const { startApproval, store, log } = deps;
  const queue = new PQueue({ concurrency: CONCURRENCY });
  const leave = (request_id: string, error: string) =>
    log.warn({ request_id, error }, 'workflow not started or not marked: left to the reconciler');
  return {
    add(request) {
      if (queue.size >= MAX_WAITING) {
        leave(request.id, `${MAX_WAITING} starts wait already`);
        return;
      }
      queue
        .add(async () => {
          await startApproval(request);
          await store.markStarted({ project_id: request.project_id, request_id: request.id });
        })
        .catch((error: Error) => leave(request.id, error.message));
    },
    async end() {
      queue.clear();
      await queue.onIdle();
    },
  };
}
