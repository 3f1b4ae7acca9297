import { type Registered, registered, type WorkerActivities } from '../contracts/activities.ts';
import type {
  IncidentStore,
  Ledger,
  ReconcileStore,
  ScreenStore,
  StatementSigner,
  WorkflowScanStore,
} from '../domain/approval/ports.ts';
import type { WorkflowDirectory, WorkflowStarter } from '../domain/approval/workflow-ports.ts';
import type { Screener } from '../domain/firewall/screener.ts';
import type { DeliveryStore, InterruptReader } from '../domain/outbox/ports.ts';
import { createAdmit } from './admit.ts';
import { withApplicationFailures } from './application-failures.ts';
import { createDeliver, createStartDeliveries, type DeliverDeps } from './deliver.ts';
import { reportingForgedRows } from './forged-rows.ts';
import { createReceivers } from './receivers/index.ts';
import { createReconcile } from './reconcile.ts';
import { createReconcileWorkflows, type WorkflowScanDeps } from './reconcile-workflows.ts';
import { createScreenPatch } from './screen-patch.ts';
import { createSettle, createSettleByHint, type SettleByHintDeps, type SettleDeps } from './settle.ts';

/**
 * What the activities need. The callbacks are for metrics and alarms: they are called after the fact, and what they throw fails
 * the activity.
 */
export interface ActivityDeps
  extends Pick<SettleDeps, 'onIncident' | 'caller'>,
    Pick<SettleByHintDeps, 'onSettled'>,
    Pick<DeliverDeps, 'onDelivery'>,
    Pick<WorkflowScanDeps, 'onRepair' | 'onProgress' | 'graceMs'> {
  /** `activityStores` of storage/. */
  stores: {
    screen: ScreenStore;
    ledger: Ledger;
    incidents: IncidentStore;
    deliveries: DeliveryStore;
    interrupts: InterruptReader;
    reconcile: ReconcileStore;
    workflowScan: WorkflowScanStore;
  };
  signer: StatementSigner;
  starter: WorkflowStarter;
  directory: WorkflowDirectory;
  /** Screens patches. */
  screen?: Screener;
}

/** All activities of our worker, under their registered names: the only place that composes them. */
export function createActivities({
  stores,
  signer,
  starter,
  directory,
  screen,
  caller,
  onSettled,
  onIncident,
  onDelivery,
  onRepair,
  onProgress,
  graceMs,
}: ActivityDeps): Registered<WorkerActivities> {
  const alarms = { incidents: stores.incidents, onIncident };
  const { deliver, deadLetter } = createDeliver({
    store: stores.deliveries,
    receivers: createReceivers({ interrupts: stores.interrupts, starter }),
    onDelivery,
  });
  return registered(
    withApplicationFailures({
      admit: reportingForgedRows(alarms, createAdmit({ store: stores.screen, ...alarms, caller })),
      screenPatch: reportingForgedRows(alarms, createScreenPatch(stores.screen, screen)),
      settle: createSettle({
        settle: createSettleByHint({ ledger: stores.ledger, signer, onSettled }),
        ...alarms,
        caller,
      }),
      startDeliveries: createStartDeliveries(starter),
      deliver: reportingForgedRows(alarms, deliver),
      deadLetter,
      reconcile: createReconcile({ store: stores.reconcile, ...alarms, starter, onRepair }),
      reconcileWorkflows: createReconcileWorkflows({
        store: stores.workflowScan,
        ...alarms,
        directory,
        starter,
        onRepair,
        onProgress,
        graceMs,
      }),
    }),
  );
}
