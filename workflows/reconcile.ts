import { foreign } from './foreign.ts';
import { assertOneSdk } from './one-sdk.ts';
import { activity } from './proxies.ts';

const reconcile = activity('reconcile', {
  startToCloseTimeout: '25s',
  retry: { maximumAttempts: 2 },
});
/** Reads every open request, so it may take minutes. Heartbeats let another worker take over soon when its worker dies. */
const reconcileWorkflows = activity('reconcileWorkflows', {
  startToCloseTimeout: '8m',
  heartbeatTimeout: '60s',
  retry: { maximumAttempts: 2 },
});

/**
 * Started by Temporal Schedules. `rows`, every 30 s: starts workflows of rows that have none. `workflows`, every ten minutes:
 * compares what Temporal, the ledger and the projection know of each request.
 */
export async function reconcileV1(scan: 'rows' | 'workflows' = 'rows'): Promise<object> {
  assertOneSdk();
  if (scan !== 'rows' && scan !== 'workflows') throw foreign('the input is not of a scan');
  return scan === 'workflows' ? reconcileWorkflows() : reconcile();
}
