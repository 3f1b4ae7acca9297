import PQueue from 'p-queue';
import type { WorkflowStartStore } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import type { Log, WorkflowStarter } from '../ports.ts';

/** As many at a time as keep Temporal busy without starving the answers; more than wait here are the reconciler's. */
const AT_ONCE = 8;
const MOST_WAITING = 1_000;

/** Starts the workflows of requests that were acknowledged. */
export interface WorkflowStartQueue {
  /** Returns at once. */
  begin(request: RequestRecord): void;
  /** What waits is left to the reconciler; resolves when what runs has ended. */
  end(): Promise<void>;
}

export interface WorkflowStartQueueDeps {
  starter: Pick<WorkflowStarter, 'startApproval'>;
  store: WorkflowStartStore;
  log: Log;
}

/**
 * A held request is acknowledged by its row, so nobody waits for its workflow: a burst of requests is answered at the speed of
 * the database, and Temporal gets them at its own. A start that fails, is lost with this process or finds no place here is
 * made by the reconciler, or by the first who decides. With the mark the event `approval_request.held` goes out.
 */
export function createWorkflowStartQueue({ starter, store, log }: WorkflowStartQueueDeps): WorkflowStartQueue {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const left = (request_id: string, error: string) =>
    log.warn({ request_id, error }, 'workflow not started, or not marked: the reconciler looks');
  return {
    begin(request) {
      if (queue.size >= MOST_WAITING) {
        left(request.id, `${MOST_WAITING} starts wait already`);
        return;
      }
      queue
        .add(async () => {
          await starter.startApproval(request);
          await store.markStarted({ project_id: request.project_id, request_id: request.id });
        })
        .catch((error: Error) => left(request.id, error.message));
    },
    async end() {
      queue.clear();
      await queue.onIdle();
    },
  };
}
