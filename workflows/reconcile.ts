import * as wf from '@temporalio/workflow';
import type { WorkflowScanActivities } from '../activities/ports.ts';
import type { ReconcileActivities } from '../contracts/workflow.ts';

const { reconcile } = wf.proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '25s',
  retry: { maximumAttempts: 2 },
});
/** Walks everything that waits: minutes where that is much, and taken over soon when its worker dies. */
const { reconcileWorkflows } = wf.proxyActivities<WorkflowScanActivities>({
  startToCloseTimeout: '8m',
  heartbeatTimeout: '60s',
  retry: { maximumAttempts: 2 },
});

/**
 * Started by Temporal Schedules. `rows`, every 30 s: what was acknowledged and Temporal does not know. `workflows`, every ten
 * minutes: what Temporal, the ledger and the projection say of the same request.
 */
export async function reconcileV1(scan: 'rows' | 'workflows' = 'rows'): Promise<object> {
  return scan === 'workflows' ? reconcileWorkflows() : reconcile();
}
