import type { Sealer } from '../../crypto/keyring.ts';
import type { DecisionRecord } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { type AdoptedProject, vouch } from './report.ts';

const BATCH = 200;

type Row = DecisionRecord & { sealed: Buffer | null; open: boolean };

/** Writes the MACs of every decision and screening. Those of open requests are vouched for; the others are history. */
export async function adoptDecisions(tx: Transaction, sealer: Sealer, report: AdoptedProject): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await tx.query<Row>(
      `select d.id, d.request_id, d.type, d.actor, d.channel, d.payload_digest, d.patched_digest, d.sealed, d.created_at, d.screening,
         d.screened_at, l.request_id is null as open
       from decisions d left join ledger l on l.request_id = d.request_id
       where d.project_id = $1 and d.id > $2 order by d.id limit $3`,
      [tx.project_id, after, BATCH],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    for (const { open, id, request_id, type, actor } of rows)
      if (open) vouch(report.decisions, { id, request_id, type, actor });
    await tx.query(
      `update decisions d set mac = n.mac, screening_mac = n.screening_mac
       from unnest($2::text[], $3::bytea[], $4::bytea[]) as n (id, mac, screening_mac) where d.project_id = $1 and d.id = n.id`,
      [
        tx.project_id,
        rows.map(({ id }) => id),
        rows.map((row) => sealer.macOf('decision', row.id, { ...row, key_made_by: null })),
        rows.map((row) => (row.screening === null ? null : sealer.macOf('screening', row.id, row))),
      ],
    );
  }
}
