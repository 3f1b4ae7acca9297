import type { Resolution, Settled } from '../../contracts/workflow.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { LedgerEntry } from '../../domain/approval/ports.ts';
import { asResolution, type LedgerRecord, type RequestRecord } from '../../domain/approval/record.ts';
import { clock, type Transaction } from '../db/transaction.ts';
import { unstartedDeliveriesOf } from '../outbox/deliveries.ts';
import { readRequestRow } from './approval-requests.ts';
import { authenticateOutcome } from './authentic-outcome.ts';
import { readCancellation } from './cancellations.ts';
import { readDecisionRow, readProposalRow } from './decisions.ts';
import { insertOutcome } from './insert-outcome.ts';

export async function readLedgerRow(tx: Transaction, request_id: string): Promise<LedgerRecord | undefined> {
  const rows = await tx.query<LedgerRecord>(
    'select request_id, status, cause, payload_digest, decision_id, actor, channel, verified, resolved_at, receipt from ledger where project_id = $1 and request_id = $2',
    [tx.project_id, request_id],
  );
  return rows[0];
}

const SETTLE = `with request as (select $2::text as project_id, $1::text as request_id),
     ${insertOutcome('request', {
       status: '$3',
       cause: '$4',
       payload_digest: '$5',
       decision_id: '$6',
       actor: '$7',
       channel: '$8',
       verified: '$9',
       resolved_at: '$10',
       receipt: '$11',
     })},
     projection as (
       update approval_requests set status = $3, resolved_at = $10 where project_id = $2 and id = $1)
     select array(select id from outbox) as delivery_ids`;

async function write(
  tx: Transaction,
  request: RequestRecord,
  row: Omit<LedgerRecord, 'request_id'>,
): Promise<string[]> {
  const [written] = await tx.query<{ delivery_ids: string[] }>(SETTLE, [
    request.id,
    tx.project_id,
    row.status,
    row.cause,
    row.payload_digest,
    row.decision_id,
    row.actor,
    row.channel,
    row.verified,
    row.resolved_at,
    row.receipt,
  ]);
  return written?.delivery_ids ?? [];
}

const settledFields = (resolution: Resolution, resolved_at: Date) => ({
  status: resolution.status,
  cause: resolution.cause,
  payload_digest: resolution.payload_digest,
  decision_id: resolution.decision_id,
  actor: resolution.actor,
  verified: resolution.verified,
  resolved_at,
});

/** The outcome of a ledger row with a MAC. It leaves the process after the commit only. */
function attested(sealer: Sealer, request_id: string, row: Omit<LedgerRecord, 'request_id'>): Resolution {
  const resolution = asResolution(row);
  const mac = sealer.macOf('settled', request_id, settledFields(resolution, row.resolved_at));
  return { ...resolution, resolved_at_ms: row.resolved_at.getTime(), mac: mac.toString('base64url') };
}

/**
 * When a resolution that came through Temporal was settled, if `settle` made it from the ledger: then the ledger has it. The attacker
 * answers Updates in the namespace: anything else is undefined.
 */
export function settledAt(sealer: Sealer, request_id: string, resolution: Resolution): Date | undefined {
  const { resolved_at_ms, mac } = resolution;
  if (typeof resolved_at_ms !== 'number' || typeof mac !== 'string') return undefined;
  const at = new Date(resolved_at_ms);
  const fields = settledFields(resolution, at);
  return sealer.isAuthentic('settled', request_id, fields, Buffer.from(mac, 'base64url')) ? at : undefined;
}

/**
 * Compare-and-set on the ledger's unique row. The request is locked, so of two calls at once the second finds the row of the
 * first. `work` is called only while there is no resolution; its `write` makes the outcome final with the commit.
 * @returns undefined for an unknown request.
 * @throws RowForged
 */
export async function settleOnce(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  work: (entry: LedgerEntry) => Promise<Settled>,
): Promise<Settled | undefined> {
  // One round trip. Each statement sees what was committed before it began, so the second and third see what the lock waited for.
  const [request, written, now] = await Promise.all([
    readRequestRow(tx, sealer, request_id, { lock: true }),
    readLedgerRow(tx, request_id),
    clock(tx),
  ]);
  if (!request) return undefined;
  if (written) {
    await authenticateOutcome(sealer, request, written);
    return {
      resolution: attested(sealer, request_id, written),
      delivery_ids: await unstartedDeliveriesOf(tx, request_id),
    };
  }
  let outcome: Omit<LedgerRecord, 'request_id'> | undefined;
  const settled = await work({
    request,
    now,
    decision: (id) => readDecisionRow(tx, sealer, request_id, id),
    proposal: async () => (await readProposalRow(tx, sealer, request_id))?.record,
    cancellation: () => readCancellation(tx, sealer, request_id),
    write: (row) => {
      outcome = row;
      return write(tx, request, row);
    },
  });
  return outcome ? { ...settled, resolution: attested(sealer, request_id, outcome) } : settled;
}
