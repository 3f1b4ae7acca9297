import type { ResolutionView } from '../../contracts/approval-request.ts';
import type { Outcome } from '../../contracts/decision.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { type DecisionSecret, type LedgerRecord, outcomeOf, type StoredRequest } from '../../domain/approval/record.ts';
import { payloadDigest, saltBytes } from '../../domain/digest.ts';
import type { Transaction } from '../db/transaction.ts';
import { authenticateOutcome } from './authentic-outcome.ts';
import { unsealDecision } from './decisions.ts';

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
  sealed: Buffer | null;
  patch_id: string | null;
  sealed_patch: Buffer | null;
};

/** A resolution as stored: `authenticResolution` makes it one that counts. */
export interface StoredResolution {
  ledger: LedgerRecord;
  view: ResolutionView;
}

/**
 * The resolution of a request, unsealed; undefined while the request is pending. The patched payload is looked up by the ledger's
 * digest: it comes from the decision itself, or from the patch that a second approver approved.
 * @throws RowForged
 */
export async function readResolution(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<StoredResolution | undefined> {
  const [row] = await tx.query<Row>(
    `select l.request_id, l.status, l.cause, l.payload_digest, l.decision_id, l.actor, l.channel, l.verified, l.resolved_at, l.receipt,
       r.payload_digest as requested_digest, d.sealed, p.id as patch_id, p.sealed as sealed_patch
     from ledger l join approval_requests r on r.id = l.request_id left join decisions d on d.id = l.decision_id and d.request_id = l.request_id
       left join decisions p on p.request_id = l.request_id and p.patched_digest = l.payload_digest
     where l.project_id = $1 and l.request_id = $2`,
    [tx.project_id, request_id],
  );
  if (!row) return undefined;
  const secretOf = async (id: string | null, sealed: Buffer | null): Promise<DecisionSecret> =>
    id === null || sealed === null ? {} : ((await unsealDecision(sealer, request_id, id, sealed)) as DecisionSecret);
  const secret = await secretOf(row.decision_id, row.sealed);
  const patch = row.patch_id === row.decision_id ? secret : await secretOf(row.patch_id, row.sealed_patch);
  return {
    ledger: row,
    view: {
      ...resolutionOf(row, row.requested_digest),
      ...(secret.reason !== undefined && { reason: secret.reason }),
      ...(patch.patched_payload && { patched_payload: patch.patched_payload }),
      ...(patch.salt && { digest_salt: patch.salt }),
    },
  };
}

/** A person's decision by its outcome: a patch that a second person approved has the type of that approval. */
const typeOf = ({ status, cause, modified }: Outcome, patched_by: string | undefined): ResolutionView['type'] => {
  if (cause !== 'person') return null;
  if (status !== 'approved') return 'reject';
  return modified && patched_by === undefined ? 'patch' : 'approve';
};

/**
 * The resolution, if its receipt says the same as its row and the request, and the patched payload has the digest that the receipt
 * names, unless both payloads were removed. Who patched and how comes from the receipt, because the attacker edits `decisions`.
 * @throws RowForged
 */
export async function authenticResolution(
  sealer: Sealer,
  request: StoredRequest,
  { ledger, view }: StoredResolution,
): Promise<{ resolution: ResolutionView; receipt: string }> {
  const { patched_by } = await authenticateOutcome(sealer, request, ledger);
  const { patched_payload, digest_salt } = view;
  if (view.outcome.modified && !patched_payload && !request.payload_removed_at)
    throw new RowForged('decision', ledger.decision_id ?? '', request.id);
  if (patched_payload) {
    const { service, action } = request;
    const digest = payloadDigest(saltBytes(digest_salt ?? ''), { service, action, payload: patched_payload }, sha256);
    if (digest !== ledger.payload_digest) throw new RowForged('decision', ledger.decision_id ?? '', request.id);
  }
  const type = typeOf(view.outcome, patched_by);
  const resolution = { ...view, type, ...(patched_by !== undefined && { patched_by }) };
  return { resolution, receipt: ledger.receipt };
}
