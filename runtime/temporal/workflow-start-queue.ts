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
  /** Resolves when the workflow of this request is started or its start has failed, which is next in the queue now; at once if none waits. */
  soon(request_id: string): Promise<void>;
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
  const starting = new Map<string, { ended: Promise<void>; isWaiting: boolean }>();
  const marking = new Set<Promise<void>>();
  const leave = (request_id: string, error: string) =>
    log.warn({ request_id, error }, 'workflow not started or not marked: left to the reconciler');
  return {
    add(request) {
      if (queue.size >= MAX_WAITING) {
        leave(request.id, `${MAX_WAITING} starts wait already`);
        return;
      }
      const { id } = request;
      if (starting.has(id)) return;
      const left = (error: Error) => leave(id, error.message);
      /** No other start waits for it. */
      const mark = () => {
        const marked: Promise<void> = store
          .markStarted({ project_id: request.project_id, request_id: id })
          .catch(left)
          .finally(() => marking.delete(marked));
        marking.add(marked);
      };
      const start = { ended: Promise.resolve(), isWaiting: true };
      starting.set(id, start);
      const run = async () => {
        start.isWaiting = false;
        await startApproval(request);
        mark();
      };
      start.ended = queue
        .add(run, { id })
        .catch(left)
        .finally(() => starting.delete(id));
    },
    async soon(request_id) {
      const start = starting.get(request_id);
      if (start?.isWaiting) queue.setPriority(request_id, 1);
      await start?.ended;
    },
    async end() {
      queue.clear();
      starting.clear();
      await queue.onIdle();
      await Promise.all(marking);
    },
  };
}
