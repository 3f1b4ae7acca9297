import type { DecisionRef, RequestRef } from '../../contracts/workflow.ts';
import type { DecideAnswer } from '../../domain/approval/approval-workflows.ts';
import { isForgedRow } from '../../domain/approval/forged-row.ts';
import type { WatchStore } from '../../domain/approval/ports.ts';
import type { DecisionRecord, RequestRecord } from '../../domain/approval/record.ts';
import type { WorkflowDirectory, WorkflowStarter } from '../../domain/approval/workflow-ports.ts';
import { type ForgedRowDeps, reportRefused } from '../forged-rows.ts';
import type { OnRepair } from '../reconcile.ts';
import type { SettleByHint } from '../settle.ts';

/** The message of the api has this long to arrive. */
const AGE_MS = 5_000;
const BATCH = 100;
const AT_ONCE = 10;

export interface SendAgainDeps extends ForgedRowDeps {
  store: Pick<WatchStore, 'waiting' | 'unsettled' | 'proposal' | 'sendBack'>;
  settle: SettleByHint;
  starter: Pick<WorkflowStarter, 'restartApproval'>;
  directory: Pick<WorkflowDirectory, 'stateOf' | 'cancel' | 'decide'>;
  /** Called with a request whose workflow gives no answer. */
  onSilent?: ((ref: RequestRef) => void) | undefined;
  onRepair?: OnRepair | undefined;
}

const refOf = ({ id, type, actor, payload_digest, patched_digest, created_at }: DecisionRecord): DecisionRef => ({
  decision_id: id,
  type,
  actor,
  payload_digest,
  ...(patched_digest !== null && { patched_digest }),
  decided_at_ms: created_at.getTime(),
});

/**
 * Sends what people were told is recorded, and what no workflow has settled: the message was lost in a flood of other Signals, or the
 * workflow was terminated. As an Update, which a workflow takes also after it has stopped reading Signals. A workflow that has ended
 * without an outcome is started again first.
 */
export const createSendAgain =
  ({
    store,
    settle,
    starter,
    directory,
    incidents,
    onIncident,
    onSilent = () => {},
    onRepair = () => {},
  }: SendAgainDeps) =>
  async (): Promise<void> => {
    let failed: unknown;
    const refs = await store.waiting(AGE_MS, BATCH);
    const lane = async () => {
      for (let ref = refs.shift(); ref; ref = refs.shift()) {
        const { project_id } = ref;
        await sent(ref).catch(async (error: unknown) => {
          if (isForgedRow(error)) await reportRefused({ incidents, onIncident }, [{ project_id, error }]);
          else failed ??= error;
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    if (failed !== undefined) throw failed;

    async function sent(ref: RequestRef): Promise<void> {
      const found = await store.unsettled(ref);
      const act = found?.acts[0];
      if (!found || !act) return;
      if (act.kind === 'cancellation') {
        // A cancellation needs no other row: whatever the workflow waits for, it reads the ledger when it wakes.
        await settle(ref, { kind: 'cancellation' });
        onRepair('cancellation_settled', ref);
        await directory.cancel(ref.request_id);
        return;
      }
      const { decision } = act;
      if ((await directory.stateOf(ref.request_id)) !== 'running') await started(ref, found.request);
      if (decision.payload_digest !== found.request.payload_digest) {
        const proposal = await store.proposal(ref);
        if (proposal) await directory.decide(ref.request_id, refOf(proposal));
      }
      const answer = await directory.decide(ref.request_id, refOf(decision));
      onRepair('decision_sent_again', ref);
      await answered(ref, decision, answer);
    }

    async function started(ref: RequestRef, request: RequestRecord): Promise<void> {
      await incidents.report(ref, 'workflow_ended');
      await starter.restartApproval(request);
      onRepair('workflow_started_again', ref);
    }

    async function answered(ref: RequestRef, decision: DecisionRecord, answer: DecideAnswer): Promise<void> {
      if (answer.state === 'no_worker') onSilent(ref);
      // A patch that is being screened, or an outcome that is being settled: the next look tells.
      if (answer.state !== 'refused' || answer.code === 'patch_in_progress' || answer.code === 'not_pending') return;
      await store.sendBack(ref, decision.id);
    }
  };
