import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { HistoryView, RequestView } from '../../domain/approval/ports.ts';
import type { RequestWithResolution } from '../../domain/approval/status-answer.ts';
import type { Transaction } from '../db/transaction.ts';
import { readRequest } from './approval-requests.ts';
import { readClaims } from './claims.ts';
import { listDecisions } from './decisions.ts';
import { listIncidents } from './incidents.ts';
import { authenticResolution, readResolution } from './resolution.ts';
import { readProposal } from './screenings.ts';
import type { SeenClaims } from './seen-claims.ts';

/**
 * A request and how it was resolved, in one round trip. A commit between the statements is not shown: a resolution counts only if the
 * request's own row, which is read first, says that it is closed. A row that says so without a ledger row was changed: the request is pending.
 * @throws RowForged
 */
export async function resolvedRequest(
  tx: Transaction,
  sealer: Sealer,
  id: string,
): Promise<RequestWithResolution | undefined> {
  const [request, found] = await Promise.all([readRequest(tx, sealer, id), readResolution(tx, sealer, id)]);
  if (!request) return undefined;
  // A payload is removed after the outcome: the attacker has removed the ledger's row.
  if (request.payload_removed_at && !found) throw new RowForged('ledger', id);
  if ((request.status === 'pending' && !request.payload_removed_at) || !found) {
    const pending = { ...request, status: 'pending' as const, resolved_at: null };
    return { request: pending, resolution: undefined, receipt: undefined };
  }
  const { resolution, receipt } = await authenticResolution(sealer, request, found);
  const { status } = resolution.outcome;
  return { request: { ...request, status, resolved_at: found.ledger.resolved_at }, resolution, receipt };
}

/**
 * The same with its claims. They are read by the `last` statement unless the transaction goes on.
 * @throws RowForged, RolledBack
 */
export async function requestView(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  seen?: SeenClaims,
  { goesOn = false } = {},
): Promise<RequestView | undefined> {
  const [resolved, claims] = await Promise.all([
    resolvedRequest(tx, sealer, id),
    readClaims(goesOn ? tx : { ...tx, query: tx.last }, sealer, id, seen),
  ]);
  if (!resolved) return undefined;
  const { status, resolved_at } = resolved.request;
  if (status !== 'approved' || !resolved_at) return { ...resolved, claims: [], permit: undefined };
  return { ...resolved, claims: claims.all, permit: permitOf(claims.newest, claims.now ?? resolved_at) };
}

/** @throws RowForged, RolledBack */
export async function historyView(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  seen?: SeenClaims,
): Promise<HistoryView | undefined> {
  const [decisions, incidents, proposal, view] = await Promise.all([
    listDecisions(tx, sealer, id),
    listIncidents(tx, id),
    readProposal(tx, sealer, id),
    requestView(tx, sealer, id, seen),
  ]);
  if (!view) return undefined;
  return { ...view, decisions, incidents, proposal: view.resolution ? undefined : proposal };
}
