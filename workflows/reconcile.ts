import * as wf from '@temporalio/workflow';
import type { ReconcileActivities } from '../contracts/workflow.ts';

const { reconcile } = wf.proxyActivities<ReconcileActivities>({ startToCloseTimeout: '25s', retry: { maximumAttempts: 2 } });

/** Started by a Temporal Schedule every few seconds: starts what was acknowledged while Temporal was away. */
export async function reconcileV1(): Promise<{ requests: number; deliveries: number }> {
  return reconcile();
}
