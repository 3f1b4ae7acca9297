import type { StandingDecision } from '../contracts/approval-request.ts';
import type { Finding } from '../contracts/verdict.ts';
import type { Sealer } from '../crypto/keyring.ts';
import {
  type DecisionRecord,
  type DecisionRow,
  type DecisionSecret,
  type LedgerRow,
  outcomeOf,
} from '../domain/approval/record.ts';
import type { Transaction } from './transaction.ts';

const COLUMNS = 'd.id, d.request_id, d.type, d.actor, d.channel, d.payload_digest, d.patched_digest, d.created_at';
const sealContext = (request_id: string, id: string) => ['decision', request_id, id] as const;

/** Writes what a person answered, before the workflow is told. Safe to repeat under one id. */
export async function insertDecision(
  tx: Transaction,
  sealer: Sealer,
  decision: Omit<DecisionRecord, 'created_at'>,
): Promise<void> {
  const { reason, patched_payload, salt, ...row } = decision;
  const secret: DecisionSecret = {
    ...(reason !== undefined && { reason }),
    ...(patched_payload && { patched_payload }),
    ...(salt && { salt }),
  };
  const sealed = Object.keys(secret).length > 0 ? await sealer.seal(sealContext(row.request_id, row.id), secret) : null;
  await tx.query(
    `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, sealed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
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
}

async function opened(
  sealer: Sealer,
  { sealed, ...row }: DecisionRow & { sealed: Buffer | null },
): Promise<DecisionRecord> {
  return sealed === null
    ? row
    : { ...row, ...((await sealer.open(sealContext(row.request_id, row.id), sealed)) as DecisionSecret) };
}

export async function readDecisionRow(
  tx: Transaction,
  request_id: string,
  id: string,
): Promise<DecisionRow | undefined> {
  const rows = await tx.query<DecisionRow>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 and d.id = $3`,
    [tx.project_id, request_id, id],
  );
  return rows[0];
}

/** @throws SealBroken */
export async function readDecision(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
): Promise<DecisionRecord | undefined> {
  const [row] = await tx.query<DecisionRow & { sealed: Buffer | null }>(
    `select ${COLUMNS}, d.sealed from decisions d where d.project_id = $1 and d.request_id = $2 and d.id = $3`,
    [tx.project_id, request_id, id],
  );
  return row && opened(sealer, row);
}

/** Every decision that was recorded for a request, oldest first: the one in the ledger counted, the others did not. */
export async function listDecisions(tx: Transaction, request_id: string): Promise<DecisionRow[]> {
  return tx.query<DecisionRow>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 order by d.created_at, d.id`,
    [tx.project_id, request_id],
  );
}

/** What the screening of a patch found, for the person who sent it. */
export async function recordScreening(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
  findings: Finding[],
): Promise<void> {
  const sealed = await sealer.seal(['screening', request_id, id], findings);
  await tx.query('update decisions set sealed_screening = $3 where project_id = $1 and id = $2', [
    tx.project_id,
    id,
    sealed,
  ]);
}

export async function readScreening(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
): Promise<Finding[] | undefined> {
  const [row] = await tx.query<{ sealed_screening: Buffer | null }>(
    'select sealed_screening from decisions where project_id = $1 and request_id = $2 and id = $3',
    [tx.project_id, request_id, id],
  );
  return row?.sealed_screening
    ? ((await sealer.open(['screening', request_id, id], row.sealed_screening)) as Finding[])
    : undefined;
}

/** The outcome that stands and the decision behind it, opened; undefined while the request is pending. */
export async function readStanding(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<(StandingDecision & { receipt: string }) | undefined> {
  const [row] = await tx.query<
    LedgerRow & { asked_digest: string; type: DecisionRow['type'] | null; sealed: Buffer | null }
  >(
    `select l.request_id, l.status, l.cause, l.payload_digest, l.decision_id, l.actor, l.channel, l.verified, l.resolved_at, l.receipt,
       r.payload_digest as asked_digest, d.type, d.sealed
     from ledger l join approval_requests r on r.id = l.request_id left join decisions d on d.id = l.decision_id and d.request_id = l.request_id
     where l.project_id = $1 and l.request_id = $2`,
    [tx.project_id, request_id],
  );
  if (!row) return undefined;
  const secret =
    row.sealed === null
      ? {}
      : ((await sealer.open(sealContext(request_id, row.decision_id ?? ''), row.sealed)) as DecisionSecret);
  return {
    decision_id: row.decision_id,
    type: row.type ?? (row.cause !== 'person' ? null : row.status === 'approved' ? 'approve' : 'reject'),
    decided_by: row.actor,
    decided_at: row.resolved_at.toISOString(),
    channel: row.channel,
    outcome: outcomeOf(row, row.asked_digest),
    payload_digest: row.payload_digest,
    receipt: row.receipt,
    ...(secret.reason !== undefined && { reason: secret.reason }),
    ...(secret.patched_payload && { patched_payload: secret.patched_payload }),
    ...(secret.salt && { digest_salt: secret.salt }),
  };
}
