import type { RequestRef } from '../../contracts/workflow.ts';
import type { IncidentStore, WatchStore } from '../../domain/approval/ports.ts';
import type { WorkflowDirectory, WorkflowStarter } from '../../domain/approval/workflow-ports.ts';
import type { OnRepair } from '../reconcile.ts';
import type { SettleByHint } from '../settle.ts';

const MAX_FAILED = 5;
const BATCH = 50;
const OTHERS = 5;

export interface QuarantineDeps {
  store: Pick<WatchStore, 'unsettled' | 'refOf' | 'hasIncident' | 'lastStarted'>;
  settle: SettleByHint;
  starter: Pick<WorkflowStarter, 'restartApproval'>;
  directory: Pick<WorkflowDirectory, 'troubled' | 'failedTasks' | 'isAnswered' | 'terminate'>;
  incidents: IncidentStore;
  /** Requests whose workflows gave no answer since the last look. */
  silent: () => RequestRef[];
  onRepair?: OnRepair | undefined;
  /** The tasks of these requests fail, and no other run makes progress: probably a bad release, so nothing is terminated. */
  onStuck?: ((request_ids: string[]) => void) | undefined;
}

/**
 * Terminates a run whose workflow tasks failed or timed out five times in a row while other runs make progress, and starts it once more
 * from its row: the attacker, or a broken bot, filled its history with what the worker cannot take. The second time the request is
 * cancelled, because the same would happen again. If no other run makes progress, all fail: nothing is terminated then.
 */
export const createQuarantine =
  ({ store, settle, starter, directory, incidents, silent, onRepair = () => {}, onStuck = () => {} }: QuarantineDeps) =>
  async (): Promise<void> => {
    const suspects = new Set([...silent().map(({ request_id }) => request_id), ...(await directory.troubled(BATCH))]);
    const failing: string[] = [];
    for (const id of suspects) if ((await directory.failedTasks(id)) >= MAX_FAILED) failing.push(id);
    if (failing.length === 0) return;
    if (!(await isAnyAnswered(failing))) {
      onStuck(failing);
      return;
    }
    for (const id of failing) await quarantined(id);

    /** A Query makes a worker replay the run, so an answer proves that this release can. */
    async function isAnyAnswered(except: string[]): Promise<boolean> {
      const others = (await store.lastStarted(OTHERS + except.length)).filter((id) => !except.includes(id));
      for (const id of others.slice(0, OTHERS)) if (await directory.isAnswered(id)) return true;
      return false;
    }

    async function quarantined(request_id: string): Promise<void> {
      const ref = await store.refOf(request_id);
      if (!ref) return; // a run of somebody else, under an id like ours
      const open = await store.unsettled(ref);
      const isSecond = await store.hasIncident(ref, 'quarantined');
      if (open && isSecond) await settle(ref, { kind: 'quarantine' });
      await directory.terminate(request_id, 'its workflow tasks failed five times in a row');
      if (open && !isSecond) await starter.restartApproval(open.request);
      // Last: a process that dies before this tries the first time again, and does not cancel.
      await incidents.report(ref, 'quarantined');
      onRepair('quarantined', ref);
    }
  };
