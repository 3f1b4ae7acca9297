import type { Repair, WorkerActivities } from '../contracts/activities.ts';
import type { RequestRef, Resolution, Settled } from '../contracts/workflow.ts';
import { ForgedDecision } from '../domain/approval/forged-decision.ts';
import type { LedgerEntry, ReconcileStore, WorkflowScanStore } from '../domain/approval/ports.ts';
import type { OnRepair, WorkflowDirectory, WorkflowStarter } from './ports.ts';

const BATCH = 200;
const STRETCH = 2_000;
/** Older than what is being settled or started right now, and than Visibility is behind. */
const GRACE_MS = 60_000;

/** Starts what stands in PostgreSQL and Temporal does not know: acknowledged while it was away, or missed by a killed process. */
export const createReconcile =
  ({
    store,
    starter,
    onRepair = () => {},
  }: {
    store: ReconcileStore;
    starter: Pick<WorkflowStarter, 'startApproval' | 'startDelivery'>;
    onRepair?: OnRepair | undefined;
  }): WorkerActivities['reconcile'] =>
  async () => {
    const requests = await store.unstartedRequests(BATCH);
    for (const { project_id, id: request_id, ...request } of requests) {
      await starter.startApproval({ project_id, id: request_id, ...request });
      await store.markStarted({ project_id, request_id });
      onRepair('request_started', { project_id, request_id });
    }
    const deliveries = await store.unstartedDeliveries(BATCH);
    for (const ref of deliveries) {
      await starter.startDelivery(ref);
      onRepair('delivery_started', ref);
    }
    return { requests: requests.length, deliveries: deliveries.length };
  };

export interface WorkflowScanDeps {
  store: WorkflowScanStore;
  directory: WorkflowDirectory;
  starter: Pick<WorkflowStarter, 'startApproval'>;
  /** `createSettlement`: checks, signs and writes. */
  settlement: (proposed: Resolution) => (entry: LedgerEntry) => Promise<Settled>;
  onRepair?: OnRepair | undefined;
  /** Called between steps: the scan is alive. */
  onProgress?: (() => void) | undefined;
  /** Milliseconds. Younger requests are skipped: they may be under way. Default 60,000. */
  graceMs?: number | undefined;
}

/** A workflow's own word, taken only where it cannot grant anything by itself: `settle` checks a person's decision by its row. */
const mayStand = ({ status, cause, verified }: Resolution) =>
  status !== 'approved' || (cause === 'person' && verified === true);

/**
 * Where Temporal and the ledger disagree, the ledger is right, and where it is silent nothing is granted:
 * an outcome stands and its workflow is open (the standing decision is sent again; without one the workflow is asked to end, and
 * finds what stands); a workflow ended and no outcome stands (terminated, failed: cancelled, with an incident); Temporal has never
 * heard of it (a namespace that was lost or moved: started again); a projection differs. Safe to repeat, and to run twice at once.
 */
export const createReconcileWorkflows =
  ({
    store,
    directory,
    starter,
    settlement,
    onRepair = () => {},
    onProgress = () => {},
    graceMs = GRACE_MS,
  }: WorkflowScanDeps): WorkerActivities['reconcileWorkflows'] =>
  async () => {
    const counts: Partial<Record<Repair, number>> = {};
    let failed: unknown;
    const repaired = (kind: Repair, ref: RequestRef) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
      onRepair(kind, ref);
    };
    /** One that cannot be mended now does not keep the others from it. */
    const mend = async (work: () => Promise<void>) => {
      onProgress();
      await work().catch((error: unknown) => {
        failed ??= error;
      });
    };

    const open = new Set<string>();
    await directory.eachRunning(async (request_ids) => {
      for (const id of request_ids) open.add(id);
      for (const { ref, decision } of await store.closedAmong(request_ids, graceMs)) {
        await mend(async () => {
          if (decision) await directory.redeliver(ref.request_id, decision);
          else await directory.cancel(ref.request_id);
          repaired('outcome_told_again', ref);
        });
      }
    });

    for (let after = '', more = true; more; ) {
      const refs = await store.unsettled(after, STRETCH, graceMs);
      for (const ref of refs) if (!open.has(ref.request_id)) await mend(() => finish(ref));
      more = refs.length === STRETCH;
      after = refs.at(-1)?.request_id ?? after;
    }

    for (let after: string | undefined = ''; after !== undefined; ) {
      onProgress();
      const { repaired: refs, next }: Awaited<ReturnType<WorkflowScanStore['repairProjections']>> =
        await store.repairProjections(after, STRETCH);
      for (const ref of refs) repaired('projection', ref);
      after = next;
    }
    if (failed !== undefined) throw failed;
    return counts;

    async function finish(ref: RequestRef): Promise<void> {
      const found = await directory.stateOf(ref.request_id);
      const request = found.state === 'running' ? undefined : await store.request(ref);
      if (!request) return; // open after all: Visibility is behind
      if (found.state === 'missing') {
        await starter.startApproval(request);
        return repaired('workflow_started_again', ref);
      }
      const cancelled: Resolution = { status: 'cancelled', cause: 'caller', payload_digest: request.payload_digest };
      const proposed =
        found.state === 'ended' && found.resolution && mayStand(found.resolution) ? found.resolution : cancelled;
      await store.close(ref, settlement(proposed)).catch((error: unknown) => {
        if (!(error instanceof ForgedDecision)) throw error;
        return store.close(ref, settlement(cancelled));
      });
      repaired('workflow_ended', ref);
    }
  };

/** Best effort, right after the commit. */
export const createStartDeliveries =
  (starter: Pick<WorkflowStarter, 'startDelivery'>): WorkerActivities['startDeliveries'] =>
  async (refs) => {
    for (const ref of refs) await starter.startDelivery(ref);
  };
