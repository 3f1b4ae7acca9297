import type { Sealer } from '../../crypto/keyring.ts';
import type { HistoryView, RequestView } from '../../domain/approval/ports.ts';
import type { Transaction } from '../db/transaction.ts';
import { readRequest } from './approval-requests.ts';
import { authenticateOutcome } from './authentic-outcome.ts';
import { listDecisions } from './decisions.ts';
import { type Execution, readExecution, type SeenExecutions } from './executions.ts';
import { listIncidents } from './incidents.ts';
import { readResolution } from './resolution.ts';
import { readProposal } from './screenings.ts';

/**
 * One round trip. A commit between the statements is not shown: a resolution and an execution count only if the request's own
 * row, which is read first, says that it is closed.
 */
async function read(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  seen?: SeenExecutions,
): Promise<(RequestView & { execution: Execution | undefined }) | undefined> {
  const [request, found, executed] = await Promise.all([
    readRequest(tx, sealer, id),
    readResolution(tx, sealer, id),
    readExecution({ ...tx, query: tx.last }, sealer, id, seen),
  ]);
  if (!request) return undefined;
  const { ledger, resolution, receipt } = (request.status === 'pending' ? undefined : found) ?? {};
  if (ledger) await authenticateOutcome(sealer, request, ledger);
  const execution = resolution?.outcome.status === 'approved' ? executed : undefined;
  return { request, resolution, receipt, executed_at: execution?.executed_at, execution };
}

/** @throws RowForged, RolledBack, SealBroken */
export async function requestView(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  seen?: SeenExecutions,
): Promise<RequestView | undefined> {
  const found = await read(tx, sealer, id, seen);
  if (!found) return undefined;
  const { execution: _execution, ...view } = found;
  return view;
}

/** @throws RowForged, RolledBack, SealBroken */
export async function historyView(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  seen?: SeenExecutions,
): Promise<HistoryView | undefined> {
  const [decisions, incidents, proposal, found] = await Promise.all([
    listDecisions(tx, sealer, id),
    listIncidents(tx, id),
    readProposal(tx, sealer, id),
    read(tx, sealer, id, seen),
  ]);
  if (!found) return undefined;
  const { execution, ...view } = found;
  return {
    ...view,
    decisions,
    incidents,
    proposal: view.resolution ? undefined : proposal,
    executed_by: execution?.reported_by,
  };
}
