import type { DeliveryRef } from '../contracts/workflow.ts';
import type { ReconcileStore, WorkflowStarter } from './ports.ts';

const BATCH = 200;

/** Starts what stands in PostgreSQL and Temporal does not know: acknowledged while it was away, or missed by a killed process. */
export const createReconcile =
  ({ store, starter }: { store: ReconcileStore; starter: WorkflowStarter }) =>
  async (): Promise<{ requests: number; deliveries: number }> => {
    const requests = await store.unstartedRequests(BATCH);
    for (const request of requests) {
      await starter.startApproval(request);
      await store.markStarted({ project_id: request.project_id, request_id: request.id });
    }
    const deliveries: DeliveryRef[] = await store.unstartedDeliveries(BATCH);
    for (const ref of deliveries) await starter.startDelivery(ref);
    return { requests: requests.length, deliveries: deliveries.length };
  };

/** Best effort, right after the commit. */
export const createStartDeliveries =
  (starter: Pick<WorkflowStarter, 'startDelivery'>) =>
  async (refs: DeliveryRef[]): Promise<void> => {
    for (const ref of refs) await starter.startDelivery(ref);
  };
