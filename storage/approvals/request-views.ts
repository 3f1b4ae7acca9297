import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { HistoryView, RequestView } from '../../domain/approval/ports.ts';
import type { Transaction } from '../db/transaction.ts';
import { readRequest } from './approval-requests.ts';
import { readClaims } from './claims.ts';
import { listDecisions } from './decisions.ts';
import { listIncidents } from './incidents.ts';
import { authenticResolution, readResolution } from './resolution.ts';
import { readProposal } from './screenings.ts';
import type { SeenClaims } from './seen-claims.ts';

/**
 * One round trip. A commit between the statements is not shown: a resolution and claims count only if the request's own row, which is
 * read first, says that it is closed. A row that says so without a ledger row was changed: the request is pending. Claims are read by the
 * `last` statement unless the transaction goes on.
 * @throws RowForged, RolledBack
 */
export async function requestView(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  seen?: SeenClaims,
  { goesOn = false } = {},
): Promise<RequestView | undefined> {
  const [request, found, claims] = await Promise.all([
    readRequest(tx, sealer, id),
    readResolution(tx, sealer, id),
    readClaims(goesOn ? tx : { ...tx, query: tx.last }, sealer, id, seen),
  ]);
  if (!request) return undefined;
  // A payload is removed after the outcome: the attacker has removed the ledger's row.
  if (request.payload_removed_at && !found) throw new RowForged('ledger', id);
  if ((request.status === 'pending' && !request.payload_removed_at) || !found) {
    const pending = { ...request, status: 'pending' as const, resolved_at: null };
    return { request: pending, resolution: undefined, receipt: undefined, claims: [], permit: undefined };
  }
  const { resolution, receipt } = await authenticResolution(sealer, request, found);
  const { status } = resolution.outcome;
  const closed = { ...request, status, resolved_at: found.ledger.resolved_at };
  const isPermit = status === 'approved';
  return {
    request: closed,
    resolution,
    receipt,
    claims: isPermit ? claims.all : [],
    permit: isPermit ? permitOf(claims.newest, claims.now ?? found.ledger.resolved_at) : undefined,
  };
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
