import type { Repair, WorkerActivities } from '../contracts/activities.ts';
import type { RequestRef } from '../contracts/workflow.ts';
import { isForgedRow } from '../domain/approval/forged-row.ts';
import type { Scanned, WorkflowScanStore } from '../domain/approval/ports.ts';
import type { WorkflowDirectory, WorkflowStarter } from '../domain/approval/workflow-ports.ts';
import { type ForgedRowDeps, reportRefused } from './forged-rows.ts';
import type { OnRepair } from './reconcile.ts';

const PAGE = 2_000;
const GRACE_MS = 60_000;

export interface WorkflowScanDeps extends ForgedRowDeps {
  store: WorkflowScanStore;
  directory: WorkflowDirectory;
  starter: Pick<WorkflowStarter, 'restartApproval'>;
  onRepair?: OnRepair | undefined;
  /** Called after each step, as heartbeat. */
  onProgress?: (() => void) | undefined;
  /** Milliseconds. Younger requests are skipped: they may still be in progress, and Visibility lags. Default 60,000. */
  graceMs?: number | undefined;
}

/**
 * Repairs differences between Temporal, the ledger and the projection. The ledger is right, and without a ledger row nothing is
 * approved:
 * - resolved in the ledger, workflow open: sends the decision again; without one cancels the workflow, which then reads the ledger;
 * - workflow ended without a ledger row (terminated, failed, completed by a forger): starts it again from the row, with an incident.
 *   So terminating delays an approval and does not end it;
 * - workflow unknown to Temporal (the namespace was lost or moved): starts it again;
 * - the projection differs from the ledger: copies the ledger.
 *
 * A row that is not authentic is reported and passed over: nothing is repaired after it, and the others are not delayed.
 * Safe to repeat, and to run twice at once.
 */
export const createReconcileWorkflows =
  ({
    store,
    directory,
    incidents,
    onIncident,
    starter,
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
    const refuse = async (refused: Scanned<unknown>['refused']) => {
      failed ??= await reportRefused({ incidents, onIncident }, refused);
    };
    /** One failure must not stop the rest. */
    const attempt = async ({ project_id }: RequestRef, work: () => Promise<void>) => {
      onProgress();
      await work().catch(async (error: unknown) => {
        if (isForgedRow(error)) await refuse([{ project_id, error }]);
        else failed ??= error;
      });
    };

    const open = new Set<string>();
    await directory.eachRunning(async (request_ids) => {
      for (const id of request_ids) open.add(id);
      const { rows, refused } = await store.closedAmong(request_ids, graceMs);
      await refuse(refused);
      for (const { ref, decision } of rows) {
        await attempt(ref, async () => {
          if (decision) await directory.redeliver(ref.request_id, decision);
          else await directory.cancel(ref.request_id);
          repaired('outcome_redelivered', ref);
        });
      }
    });

    for (let after = '', more = true; more; ) {
      const refs = await store.unsettled(after, PAGE, graceMs);
      for (const ref of refs) if (!open.has(ref.request_id)) await attempt(ref, () => finish(ref));
      more = refs.length === PAGE;
      after = refs.at(-1)?.request_id ?? after;
    }

    for (let after: string | undefined = ''; after !== undefined; ) {
      onProgress();
      const { rows, refused, next }: Awaited<ReturnType<WorkflowScanStore['repairProjections']>> =
        await store.repairProjections(after, PAGE);
      await refuse(refused);
      for (const ref of rows) repaired('projection', ref);
      after = next;
    }
    if (failed !== undefined) throw failed;
    return counts;

    async function finish(ref: RequestRef): Promise<void> {
      const state = await directory.stateOf(ref.request_id);
      if (state === 'running') return; // Visibility lags
      const request = await store.unsettledRequest(ref);
      if (!request) return;
      if (state === 'ended') await incidents.report(ref, 'workflow_ended');
      await starter.restartApproval(request);
      repaired('workflow_started_again', ref);
    }
  };
