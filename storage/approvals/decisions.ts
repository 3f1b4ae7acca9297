import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { RecordedDecision } from '../../domain/approval/decision-ports.ts';
import type { DecisionRecord, DecisionSecret, NewDecision, UnsealedDecision } from '../../domain/approval/record.ts';
import { clock, type Transaction } from '../db/transaction.ts';
import { unsealRow } from '../keys/unseal-row.ts';

const COLUMNS = `d.id, d.request_id, d.type, d.actor, d.channel, d.payload_digest, d.patched_digest, d.created_at, d.screening, d.screened_at,
  d.sent_back_at, d.key_made_by, d.payload_removed_at, d.sealed, d.sealed_screening, d.mac, d.screening_mac, d.sent_back_mac`;
const sealContext = (request_id: string, id: string) => ['decision', request_id, id] as const;

/** @throws RowForged */
export const unsealDecision = async (
  sealer: Sealer,
  request_id: string,
  id: string,
  sealed: Uint8Array,
): Promise<DecisionSecret> =>
  (await unsealRow(
    sealer,
    { kind: 'decision', id, request_id },
    sealContext(request_id, id),
    sealed,
  )) as DecisionSecret;

interface Sealed {
  sealed: Buffer | null;
  sealed_screening: Buffer | null;
}
type DecisionRow = DecisionRecord &
  Sealed & {
    mac: Buffer | null;
    screening_mac: Buffer | null;
    sent_back_mac: Buffer | null;
  };

/** The columns of a decision, with its MACs checked. @throws RowForged */
function authentic(sealer: Sealer, row: DecisionRow): Sealed & { record: DecisionRecord } {
  const { mac, screening_mac, sent_back_mac, sealed, sealed_screening, ...record } = row;
  sealer.authenticate('decision', row.id, row, mac);
  if (row.screening !== null) sealer.authenticate('screening', row.id, row, screening_mac);
  if (row.sent_back_at !== null) sealer.authenticate('decision_sent_back', row.id, row, sent_back_mac);
  // A MAC of what is not there is not of our making.
  if ((row.screening === null && screening_mac !== null) || (row.sent_back_at === null && sent_back_mac !== null))
    throw new RowForged('decision', row.id, row.request_id);
  return { record, sealed, sealed_screening };
}

/**
 * Records a person's decision before it is sent to the workflow. Safe to repeat under one id: the first write is kept and returned.
 * The time is the database's. After the deadline nothing is written. `now`: that time, if the transaction has read it; its commit is
 * then sent with this.
 */
export async function insertDecision(
  tx: Transaction,
  sealer: Sealer,
  decision: NewDecision,
  now?: Date,
): Promise<RecordedDecision> {
  const { reason, patched_payload, salt, ...row } = decision;
  const secret: DecisionSecret = {
    ...(reason !== undefined && { reason }),
    ...(patched_payload && { patched_payload }),
    ...(salt && { salt }),
  };
  const sealed = Object.keys(secret).length > 0 ? await sealer.seal(sealContext(row.request_id, row.id), secret) : null;
  const created_at = now ?? (await clock(tx));
  const inserted = tx.query(
    `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, sealed, created_at, mac, key_made_by)
     select $1, r.project_id, r.id, $4, $5, $6, $7, $8, $9, $10, $11, $12 from approval_requests r
     where r.project_id = $2 and r.id = $3 and r.expires_at > $10
     on conflict (id) do nothing`,
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
      created_at,
      sealer.macOf('decision', row.id, { ...row, sealed, created_at, payload_removed_at: null }),
      row.key_made_by,
    ],
  );
  const last = now ? { ...tx, query: tx.last } : tx;
  const [, recorded] = await Promise.all([inserted, readDecisionRow(last, sealer, row.request_id, row.id)]);
  return recorded ? { state: 'recorded', ...recorded } : { state: 'late' };
}

/** The workflow refused the decision. Its author is informed afterwards, and it never counts. */
export async function sendDecisionBack(tx: Transaction, sealer: Sealer, request_id: string, id: string): Promise<void> {
  const sent_back_at = await clock(tx);
  await tx.query(
    `update decisions set sent_back_at = $4, sent_back_mac = $5
     where project_id = $1 and request_id = $2 and id = $3 and sent_back_at is null`,
    [tx.project_id, request_id, id, sent_back_at, sealer.macOf('decision_sent_back', id, { request_id, sent_back_at })],
  );
}

/** Its maker was answered that it takes effect later: from now on the watcher sends it again until it is settled or sent back. */
export async function acknowledgeDecision(tx: Transaction, request_id: string, id: string): Promise<void> {
  await tx.query(
    `update decisions set acknowledged_at = clock_timestamp()
     where project_id = $1 and request_id = $2 and id = $3 and acknowledged_at is null`,
    [tx.project_id, request_id, id],
  );
}

const one = async (tx: Transaction, where: string, values: unknown[]): Promise<DecisionRow | undefined> =>
  (
    await tx.query<DecisionRow>(
      `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 ${where}`,
      [tx.project_id, ...values],
    )
  )[0];

/** @throws RowForged */
export async function readDecisionRow(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
): Promise<DecisionRecord | undefined> {
  const row = await one(tx, 'and d.id = $3', [request_id, id]);
  return row && authentic(sealer, row).record;
}

/** The patch that waits for a second approver, the one that was screened last, with its sealed parts: one query. @throws RowForged */
export async function readProposalRow(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<(Sealed & { record: DecisionRecord }) | undefined> {
  const row = await one(tx, `and d.screening = 'second_approver' order by d.screened_at desc, d.id desc limit 1`, [
    request_id,
  ]);
  return row && authentic(sealer, row);
}

/** @throws RowForged */
export async function readDecision(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
): Promise<UnsealedDecision | undefined> {
  const row = await one(tx, 'and d.id = $3', [request_id, id]);
  if (!row) return undefined;
  const { record, sealed } = authentic(sealer, row);
  return sealed === null ? record : { ...record, ...(await unsealDecision(sealer, request_id, id, sealed)) };
}

/**
 * Decisions that their makers were told will count, oldest first: acknowledged, not sent back, and not a patch that was refused or waits for
 * a second approver. @throws RowForged
 */
export async function acknowledgedDecisions(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<DecisionRecord[]> {
  const rows = await tx.query<DecisionRow>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 and d.acknowledged_at is not null
       and d.sent_back_at is null and (d.screening is null or d.screening = 'accepted') order by d.created_at, d.id`,
    [tx.project_id, request_id],
  );
  return rows.map((row) => authentic(sealer, row).record);
}

/**
 * Removes the reason or patch and the findings of the decisions of closed requests. A new MAC says so. A row that is not authentic loses them
 * too, and stays refused.
 */
export async function emptyDecisions(
  tx: Transaction,
  sealer: Sealer,
  request_ids: string[],
  payload_removed_at: Date,
): Promise<{ project_id: string; error: unknown }[]> {
  const rows = await tx.query<DecisionRow>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = any($2) and d.payload_removed_at is null
       and (d.sealed is not null or d.sealed_screening is not null)`,
    [tx.project_id, request_ids],
  );
  const refused: { project_id: string; error: unknown }[] = [];
  const macs = rows.map((row) => {
    try {
      authentic(sealer, row);
      return sealer.macOf('decision', row.id, { ...row, sealed: null, payload_removed_at });
    } catch (error) {
      refused.push({ project_id: tx.project_id, error });
      return row.mac;
    }
  });
  await tx.query(
    `update decisions d set sealed = null, sealed_screening = null, payload_removed_at = $2, mac = n.mac
     from unnest($3::text[], $4::bytea[]) as n (id, mac) where d.project_id = $1 and d.id = n.id and d.payload_removed_at is null`,
    [tx.project_id, payload_removed_at, rows.map(({ id }) => id), macs],
  );
  return refused;
}

/** Every recorded decision of a request, oldest first. Only the one in the ledger counted. @throws RowForged */
export async function listDecisions(tx: Transaction, sealer: Sealer, request_id: string): Promise<DecisionRecord[]> {
  const rows = await tx.query<DecisionRow>(
    `select ${COLUMNS} from decisions d where d.project_id = $1 and d.request_id = $2 order by d.created_at, d.id`,
    [tx.project_id, request_id],
  );
  return rows.map((row) => authentic(sealer, row).record);
}
