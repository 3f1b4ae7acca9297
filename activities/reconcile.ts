import type { Repair, WorkerActivities } from '../contracts/activities.ts';
import type { ReconcileStore, UnstartedRequests } from '../domain/approval/ports.ts';
import type { WorkflowStarter } from '../domain/approval/workflow-ports.ts';
import { type ForgedRowDeps, reportRefused } from './forged-rows.ts';

/** Called after each repair. */
export type OnRepair = (kind: Repair, ref: { project_id: string; request_id?: string; delivery_id?: string }) => void;

const BATCH = 200;
/** Younger outbox rows are being started right now. */
const FRESH_MS = 2_000;

export interface ReconcileDeps extends ForgedRowDeps {
  store: ReconcileStore;
  starter: Pick<WorkflowStarter, 'startApproval' | 'startDelivery'>;
  onRepair?: OnRepair | undefined;
}

/**
 * Starts the workflows of rows that have none: Temporal was unavailable when they were written, or the process was killed. Rows that are
 * not authentic are reported and passed over, however many there are.
 */
export const createReconcile =
  ({ store, starter, onRepair = () => {}, ...deps }: ReconcileDeps): WorkerActivities['reconcile'] =>
  async () => {
    let started = 0;
    let failed: unknown;
    for (let after: UnstartedRequests['next'], more = true; more; ) {
      const { rows, refused, next }: UnstartedRequests = await store.unstartedRequests(BATCH, after);
      for (const request of rows) {
        await starter.startApproval(request);
        const ref = { project_id: request.project_id, request_id: request.id };
        await store.markStarted(ref);
        onRepair('request_started', ref);
        started += 1;
      }
      failed ??= await reportRefused(deps, refused);
      after = next;
      more = next !== undefined && started < BATCH;
    }
    const deliveries = await store.unstartedDeliveries(BATCH, FRESH_MS);
    for (const ref of deliveries) {
      await starter.startDelivery(ref);
      onRepair('delivery_started', ref);
    }
    if (failed !== undefined) throw failed;
    return { requests: started, deliveries: deliveries.length };
  };
