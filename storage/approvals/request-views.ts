import type { Sealer } from '../../crypto/keyring.ts';
import type { HistoryView, RequestView } from '../../domain/approval/ports.ts';
import type { Transaction } from '../db/transaction.ts';
import { readRequest } from './approval-requests.ts';
import { listDecisions } from './decisions.ts';
import { type Execution, readExecution, type SeenExecutions } from './executions.ts';
import { listIncidents } from './incidents.ts';
import { authenticResolution, readResolution } from './resolution.ts';
import { readProposal } from './screenings.ts';

/**
 * One round trip. A commit between the statements is not shown: a resolution and an execution count only if the request's own
 * row, which is read first, says that it is closed. A row that says so without a ledger row was changed: the request is pending.
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
  if (request.status === 'pending' || !found) {
    const pending = { ...request, status: 'pending' as const, resolved_at: null };
    return {
      request: pending,
      resolution: undefined,
      receipt: undefined,
      executed_at: undefined,
      execution: undefined,
    };
  }
  const { resolution, receipt } = await authenticResolution(sealer, request, found);
  const { status } = resolution.outcome;
  const execution = status === 'approved' ? executed : undefined;
  const closed = { ...request, status, resolved_at: found.ledger.resolved_at };
  return { request: closed, resolution, receipt, executed_at: execution?.executed_at, execution };
}

/** @throws RowForged, RolledBack */
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

/** @throws RowForged, RolledBack */
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
