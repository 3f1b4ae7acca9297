import { type Registered, registered, type WorkerActivities } from '../contracts/activities.ts';
import type {
  Ledger,
  ReconcileStore,
  ScreenStore,
  StatementSigner,
  WorkflowScanStore,
} from '../domain/approval/ports.ts';
import type { WorkflowDirectory, WorkflowStarter } from '../domain/approval/workflow-ports.ts';
import type { ScreenDeps } from '../domain/firewall/screen-deps.ts';
import type { DeliveryStore, InterruptReader } from '../domain/outbox/ports.ts';
import { withApplicationFailures } from './application-failures.ts';
import { createDeliver, createStartDeliveries, type DeliverDeps } from './deliver.ts';
import { createReceivers } from './receivers/index.ts';
import { createReconcile } from './reconcile.ts';
import { createReconcileWorkflows, type WorkflowScanDeps } from './reconcile-workflows.ts';
import { createScreen } from './screen.ts';
import { createSettle, createSettlement, type SettleDeps } from './settle.ts';

/**
 * What the activities need. The callbacks are for metrics and alarms: they are called after the fact, and what they throw fails
 * the activity.
 */
export interface ActivityDeps
  extends Pick<SettleDeps, 'onSettled' | 'onForged'>,
    Pick<DeliverDeps, 'onDelivery'>,
    Pick<WorkflowScanDeps, 'onRepair' | 'onProgress' | 'graceMs'> {
  /** `activityStores` of storage/. */
  stores: {
    screen: ScreenStore;
    ledger: Ledger;
    deliveries: DeliveryStore;
    interrupts: InterruptReader;
    reconcile: ReconcileStore;
    workflowScan: WorkflowScanStore;
  };
  signer: StatementSigner;
  starter: WorkflowStarter;
  directory: WorkflowDirectory;
  /** Parsers for the screening of patches. */
  screenDeps?: ScreenDeps;
}

/** All activities of our worker, under their registered names: the only place that composes them. */
export function createActivities({
  stores,
  signer,
  starter,
  directory,
  screenDeps,
  onSettled,
  onForged,
  onDelivery,
  onRepair,
  onProgress,
  graceMs,
}: ActivityDeps): Registered<WorkerActivities> {
  return registered(
    withApplicationFailures({
      screen: createScreen(stores.screen, screenDeps),
      settle: createSettle({ ledger: stores.ledger, signer, onSettled, onForged }),
      startDeliveries: createStartDeliveries(starter),
      ...createDeliver({
        store: stores.deliveries,
        receivers: createReceivers({ interrupts: stores.interrupts, starter }),
        onDelivery,
      }),
      reconcile: createReconcile({ store: stores.reconcile, starter, onRepair }),
      reconcileWorkflows: createReconcileWorkflows({
        store: stores.workflowScan,
        directory,
        starter,
        settlement: createSettlement(signer),
        onRepair,
        onProgress,
        graceMs,
      }),
    }),
  );
}
