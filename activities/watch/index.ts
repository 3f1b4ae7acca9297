import type { RequestRef } from '../../contracts/workflow.ts';
import type {
  IncidentStore,
  Ledger,
  RetentionStore,
  ScreenStore,
  StatementSigner,
  WatchStore,
} from '../../domain/approval/ports.ts';
import type { WorkflowDirectory, WorkflowStarter } from '../../domain/approval/workflow-ports.ts';
import type { Screener } from '../../domain/firewall/screener.ts';
import { createStartDeliveries } from '../deliver.ts';
import type { OnIncident } from '../forged-rows.ts';
import type { OnRepair } from '../reconcile.ts';
import { createScreenPatch } from '../screen-patch.ts';
import { createSettleByHint, type OnSettled } from '../settle.ts';
import { createApplyRetention } from './apply-retention.ts';
import { createEnforceDeadlines } from './enforce-deadlines.ts';
import { createQuarantine, type QuarantineDeps } from './quarantine.ts';
import { createReportUnknown } from './report-unknown.ts';
import { createSendAgain } from './send-again.ts';

export interface WatchDeps extends Pick<QuarantineDeps, 'onStuck'> {
  /** `activityStores` of storage/. */
  stores: {
    screen: ScreenStore;
    ledger: Ledger;
    incidents: IncidentStore;
    watch: WatchStore;
    retention: RetentionStore;
  };
  signer: StatementSigner;
  starter: WorkflowStarter;
  directory: WorkflowDirectory;
  screen?: Screener;
  onSettled?: OnSettled | undefined;
  onIncident?: OnIncident | undefined;
  onRepair?: OnRepair | undefined;
}

/** What the watcher of a worker looks at, by name: the only place that composes it. */
export function createWatch({
  stores,
  signer,
  starter,
  directory,
  screen,
  onSettled,
  onIncident,
  onRepair,
  onStuck,
}: WatchDeps): Record<'deadlines' | 'decisions' | 'failing runs' | 'claims' | 'retention', () => Promise<void>> {
  const { watch: store, incidents } = stores;
  const settle = createSettleByHint({ ledger: stores.ledger, signer, onSettled });
  const shared = { store, settle, starter, directory, incidents, onIncident, onRepair };
  let silent: RequestRef[] = [];
  return {
    claims: createReportUnknown({ store, onIncident }),
    retention: createApplyRetention({ store: stores.retention, incidents, onIncident }),
    deadlines: createEnforceDeadlines({
      ...shared,
      screenPatch: createScreenPatch(stores.screen, screen),
      startDeliveries: createStartDeliveries(starter),
    }),
    decisions: createSendAgain({ ...shared, onSilent: (ref) => silent.push(ref) }),
    'failing runs': createQuarantine({
      ...shared,
      onStuck,
      silent: () => {
        const found = silent;
        silent = [];
        return found;
      },
    }),
  };
}
