import type { StandingDecision } from '../../contracts/approval-request.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import {
  type DecisionRecord,
  type DecisionSecret,
  type LedgerRecord,
  type NewDecision,
  outcomeOf,
  type UnsealedDecision,
} from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';

const COLUMNS =
  'd.id, d.request_id, d.type, d.actor, d.channel, d.payload_digest, d.patched_digest, d.created_at, d.screening, d.screened_at';
export const sealContext = (request_id: string, id: string) => ['decision', request_id, id] as const;

/** Writes what a person answered, before the workflow is told. Safe to repeat under one id: the first stands, and is returned. */
export async function insertDecision(
  tx: Transaction,
  sealer: Sealer,
  decision: NewDecision,
): Promise<Pick<DecisionRecord, 'patched_digest'>> {
  const { reason, patched_payload, salt, ...row } = decision;
  const secret: DecisionSecret = {
    ...(reason !== undefined && { reason }),
    ...(patched_payload && { patched_payload }),
    ...(salt && { salt }),
  };
  const sealed = Object.keys(secret).length > 0 ? await sealer.seal(sealContext(row.request_id, row.id), secret) : null;
  const [standing] = await tx.query<Pick<DecisionRecord, 'patched_digest'>>(
    `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, sealed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (id) do update set id = excluded.id returning patched_digest`,
    [
      row.id,
      tx.project_id,
      row.request_id,
      row.type,
      row.actor,
      row.channel,
      row.payload_digest,
      row.patched_digest,
      sealed,
    ],
  );
  if (!standing) throw new Error('a decision that was just written is not there');
  return standing;
}

async function opened(
  sealer: Sealer,
  { sealed, ...row }: DecisionRecord & { sealed: Buffer | null },
): Promise<UnsealedDecision> {
  return sealed === null
    ? row
    : { ...row, ...((await sealer.open(sealContext(row.request_id, row.id), sealed)) as DecisionSecret) };
}

export async function readDecisionRow(
  tx: Transaction,
  request_id: string,
  id: string,
): Promise<DecisionRecord | undefined> {
  const rows = await tx.query<DecisionRecord>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 and d.id = $3`,
    [tx.project_id, request_id, id],
  );
  return rows[0];
}

/** The patch of a request that this digest is of: a salted digest is of one patch alone. */
export async function readPatchRow(
  tx: Transaction,
  request_id: string,
  patched_digest: string,
): Promise<DecisionRecord | undefined> {
  const rows = await tx.query<DecisionRecord>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 and d.patched_digest = $3`,
    [tx.project_id, request_id, patched_digest],
  );
  return rows[0];
}

/** @throws SealBroken */
export async function readDecision(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
): Promise<UnsealedDecision | undefined> {
  const [row] = await tx.query<DecisionRecord & { sealed: Buffer | null }>(
    `select ${COLUMNS}, d.sealed from decisions d where d.project_id = $1 and d.request_id = $2 and d.id = $3`,
    [tx.project_id, request_id, id],
  );
  return row && opened(sealer, row);
}

/** Every decision that was recorded for a request, oldest first: the one in the ledger counted, the others did not. */
export async function listDecisions(tx: Transaction, request_id: string): Promise<DecisionRecord[]> {
  return tx.query<DecisionRecord>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 order by d.created_at, d.id`,
    [tx.project_id, request_id],
  );
}

/**
 * The outcome that stands and the decision behind it, opened; undefined while the request is pending. What runs instead is the
 * patch of the digest that stands: of the decision itself, or of whoever made it for a second approver.
 */
export async function readStanding(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<(StandingDecision & { receipt: string }) | undefined> {
  const [row] = await tx.query<
    LedgerRecord & {
      requested_digest: string;
      type: DecisionRecord['type'] | null;
      sealed: Buffer | null;
      patch_id: string | null;
      patched_by: string;
      sealed_patch: Buffer | null;
    }
  >(
    `select l.request_id, l.status, l.cause, l.payload_digest, l.decision_id, l.actor, l.channel, l.verified, l.resolved_at, l.receipt,
       r.payload_digest as requested_digest, d.type, d.sealed, p.id as patch_id, p.actor as patched_by, p.sealed as sealed_patch
     from ledger l join approval_requests r on r.id = l.request_id left join decisions d on d.id = l.decision_id and d.request_id = l.request_id
       left join decisions p on p.request_id = l.request_id and p.patched_digest = l.payload_digest
     where l.project_id = $1 and l.request_id = $2`,
    [tx.project_id, request_id],
  );
  if (!row) return undefined;
  const secretOf = async (id: string | null, sealed: Buffer | null): Promise<DecisionSecret> =>
    id === null || sealed === null ? {} : ((await sealer.open(sealContext(request_id, id), sealed)) as DecisionSecret);
  const secret = await secretOf(row.decision_id, row.sealed);
  const patch = row.patch_id === row.decision_id ? secret : await secretOf(row.patch_id, row.sealed_patch);
  return {
    decision_id: row.decision_id,
    type: row.type ?? (row.cause !== 'person' ? null : row.status === 'approved' ? 'approve' : 'reject'),
    decided_by: row.actor,
    decided_at: row.resolved_at.toISOString(),
    channel: row.channel,
    outcome: outcomeOf(row, row.requested_digest),
    payload_digest: row.payload_digest,
    receipt: row.receipt,
    ...(secret.reason !== undefined && { reason: secret.reason }),
    ...(patch.patched_payload && { patched_payload: patch.patched_payload }),
    ...(row.patch_id !== null && row.patched_by !== row.actor && { patched_by: row.patched_by }),
    ...(patch.salt && { digest_salt: patch.salt }),
  };
}
