import type { ResolutionView } from '../../contracts/approval-request.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import {
  type DecisionRecord,
  type DecisionSecret,
  type LedgerRecord,
  outcomeOf,
} from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { sealContext } from './decisions.ts';

/** The public form of a ledger row that no person decided. */
export const resolutionOf = (row: LedgerRecord, requested_digest: string): ResolutionView => ({
  decision_id: row.decision_id,
  type: null,
  decided_by: row.actor,
  decided_at: row.resolved_at.toISOString(),
  channel: row.channel,
  outcome: outcomeOf(row, requested_digest),
  payload_digest: row.payload_digest,
});

type Row = LedgerRecord & {
  requested_digest: string;
  type: DecisionRecord['type'] | null;
  sealed: Buffer | null;
  patch_id: string | null;
  patched_by: string;
  sealed_patch: Buffer | null;
};

/** A Signal of a team's bot has no row in `decisions`: its type follows from the status. */
const typeOf = ({ type, cause, status }: Row): ResolutionView['type'] =>
  type ?? (cause !== 'person' ? null : status === 'approved' ? 'approve' : 'reject');

/** `ledger`: the row, which the caller authenticates. */
export interface ReadResolution {
  ledger: LedgerRecord;
  resolution: ResolutionView;
  receipt: string;
}

/**
 * The resolution of a request with its receipt, unsealed; undefined while the request is pending. The patched payload is looked up by
 * the ledger's digest: it comes from the decision itself, or from the patch that a second approver approved.
 * The outcome is believed only with its receipt: `authenticateOutcome`, for which the caller has the request.
 * @throws SealBroken
 */
export async function readResolution(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<ReadResolution | undefined> {
  const [row] = await tx.query<Row>(
    `select l.request_id, l.status, l.cause, l.payload_digest, l.decision_id, l.actor, l.channel, l.verified, l.resolved_at, l.receipt,
       r.payload_digest as requested_digest, d.type, d.sealed, p.id as patch_id, p.actor as patched_by, p.sealed as sealed_patch
     from ledger l join approval_requests r on r.id = l.request_id left join decisions d on d.id = l.decision_id and d.request_id = l.request_id
       left join decisions p on p.request_id = l.request_id and p.patched_digest = l.payload_digest
     where l.project_id = $1 and l.request_id = $2`,
    [tx.project_id, request_id],
  );
  if (!row) return undefined;
  const secretOf = async (id: string | null, sealed: Buffer | null): Promise<DecisionSecret> =>
    id === null || sealed === null
      ? {}
      : ((await sealer.unseal(sealContext(request_id, id), sealed)) as DecisionSecret);
  const secret = await secretOf(row.decision_id, row.sealed);
  const patch = row.patch_id === row.decision_id ? secret : await secretOf(row.patch_id, row.sealed_patch);
  return {
    ledger: row,
    resolution: {
      ...resolutionOf(row, row.requested_digest),
      type: typeOf(row),
      ...(secret.reason !== undefined && { reason: secret.reason }),
      ...(patch.patched_payload && { patched_payload: patch.patched_payload }),
      ...(row.patch_id !== null && row.patched_by !== row.actor && { patched_by: row.patched_by }),
      ...(patch.salt && { digest_salt: patch.salt }),
    },
    receipt: row.receipt,
  };
}
