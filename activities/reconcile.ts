import type { Repair, WorkerActivities } from '../contracts/activities.ts';
import type { ReconcileStore } from '../domain/approval/ports.ts';
import type { WorkflowStarter } from '../domain/approval/workflow-ports.ts';

/** Called after each repair. */
export type OnRepair = (kind: Repair, ref: { project_id: string; request_id?: string; delivery_id?: string }) => void;

const BATCH = 200;

export interface ReconcileDeps {
  store: ReconcileStore;
  starter: Pick<WorkflowStarter, 'startApproval' | 'startDelivery'>;
  onRepair?: OnRepair | undefined;
}

/** Starts the workflows of rows that have none: Temporal was unavailable when they were written, or the process was killed. */
export const createReconcile =
  ({ store, starter, onRepair = () => {} }: ReconcileDeps): WorkerActivities['reconcile'] =>
  async () => {
    const requests = await store.unstartedRequests(BATCH);
    for (const request of requests) {
      await starter.startApproval(request);
      const ref = { project_id: request.project_id, request_id: request.id };
      await store.markStarted(ref);
      onRepair('request_started', ref);
    }
    const deliveries = await store.unstartedDeliveries(BATCH);
    for (const ref of deliveries) {
      await starter.startDelivery(ref);
      onRepair('delivery_started', ref);
    }
    return { requests: requests.length, deliveries: deliveries.length };
  };
