import type { Sealer } from '../../crypto/keyring.ts';
import type { DecisionRecord, DecisionSecret, NewDecision, UnsealedDecision } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';

const COLUMNS =
  'd.id, d.request_id, d.type, d.actor, d.channel, d.payload_digest, d.patched_digest, d.created_at, d.screening, d.screened_at';
export const sealContext = (request_id: string, id: string) => ['decision', request_id, id] as const;

/** Records a person's decision before it is sent to the workflow. Safe to repeat under one id: the first write is kept and returned. */
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
  const [recorded] = await tx.query<Pick<DecisionRecord, 'patched_digest'>>(
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
  if (!recorded) throw new Error('a decision that was just written is not there');
  return recorded;
}

async function unsealed(
  sealer: Sealer,
  { sealed, ...row }: DecisionRecord & { sealed: Buffer | null },
): Promise<UnsealedDecision> {
  return sealed === null
    ? row
    : { ...row, ...((await sealer.unseal(sealContext(row.request_id, row.id), sealed)) as DecisionSecret) };
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

/** The patch of a request with this digest. Digests are salted, so no two patches share one. */
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
  return row && unsealed(sealer, row);
}

/** Every recorded decision of a request, oldest first. Only the one in the ledger counted. */
export async function listDecisions(tx: Transaction, request_id: string): Promise<DecisionRecord[]> {
  return tx.query<DecisionRecord>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 order by d.created_at, d.id`,
    [tx.project_id, request_id],
  );
}
