import type { RequestRef, ScreenAnswer, Settled } from '../../contracts/workflow.ts';
import type { Hint } from '../../domain/approval/derive.ts';
import { isForgedRow } from '../../domain/approval/forged-row.ts';
import type { DueRequests, UnsettledAct, WatchStore } from '../../domain/approval/ports.ts';
import { OutcomeRefused } from '../../domain/approval/refused-outcome.ts';
import type { WorkflowDirectory } from '../../domain/approval/workflow-ports.ts';
import { type ForgedRowDeps, reportRefused } from '../forged-rows.ts';
import type { OnRepair } from '../reconcile.ts';
import type { SettleByHint } from '../settle.ts';

/** The workflow has this long to end the request itself. With the pause between two looks a deadline is enforced within 45 s. */
const GRACE_MS = 30_000;
const BATCH = 200;

export interface EnforceDeps extends ForgedRowDeps {
  store: Pick<WatchStore, 'due' | 'unsettled'>;
  settle: SettleByHint;
  screenPatch: (ref: RequestRef, decision_id: string) => Promise<ScreenAnswer>;
  directory: Pick<WorkflowDirectory, 'cancel'>;
  startDeliveries: (refs: { project_id: string; delivery_id: string }[]) => Promise<void>;
  onRepair?: OnRepair | undefined;
  graceMs?: number | undefined;
}

const hintOfAct = (act: UnsettledAct): Hint =>
  act.kind === 'decision' ? { kind: 'decision', decision_id: act.decision.id } : { kind: 'cancellation' };

/**
 * Ends requests whose deadline has passed and whose workflow did not: it was terminated, its tasks fail, or no Temporal runs. The attacker
 * writes to the Temporal namespace and stops Schedules, so this reads the database only and settles in process. What people did in time
 * counts first, in the order of the rows; the request expires when nothing of it does.
 */
export const createEnforceDeadlines =
  ({
    store,
    settle,
    screenPatch,
    directory,
    startDeliveries,
    incidents,
    onIncident,
    onRepair = () => {},
    graceMs = GRACE_MS,
  }: EnforceDeps) =>
  async (): Promise<void> => {
    let failed: unknown;
    for (let after: DueRequests['next'], more = true; more; ) {
      const { rows, refused, next }: DueRequests = await store.due(graceMs, BATCH, after);
      for (const { project_id, id } of rows)
        await ended({ project_id, request_id: id }).catch(async (error: unknown) => {
          if (isForgedRow(error)) refused.push({ project_id, error });
          else failed ??= error;
        });
      failed ??= await reportRefused({ incidents, onIncident }, refused);
      after = next;
      more = next !== undefined;
    }
    if (failed !== undefined) throw failed;

    async function ended(ref: RequestRef): Promise<void> {
      const found = await store.unsettled(ref);
      if (!found) return;
      const { delivery_ids } = (await byAct(ref, found.acts)) ?? (await settle(ref, { kind: 'deadline' }));
      await incidents.report(ref, 'deadline_enforced');
      onRepair('deadline_enforced', ref);
      // The workflow may be alive and late: it reads the ledger and ends. Not awaited: where Temporal gives no answer, the next deadline
      // must not wait for it. The reconciler repairs what this misses.
      void directory.cancel(ref.request_id).catch(() => {});
      const deliveries = delivery_ids.map((delivery_id) => ({ project_id: ref.project_id, delivery_id }));
      void startDeliveries(deliveries).catch(() => {});
    }

    /** The first of them that counts. One that does not is refused, as its maker would have been. */
    async function byAct(ref: RequestRef, acts: UnsettledAct[]): Promise<Settled | undefined> {
      for (const act of acts) {
        if (act.kind === 'decision' && act.decision.type === 'patch' && act.decision.screening === null)
          await screenPatch(ref, act.decision.id).catch(() => {}); // an unscreened patch does not count, and keeps no deadline
        try {
          return await settle(ref, hintOfAct(act));
        } catch (error) {
          if (!(error instanceof OutcomeRefused)) throw error;
        }
      }
      return undefined;
    }
  };
