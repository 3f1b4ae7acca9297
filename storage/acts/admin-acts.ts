import type { Sealer } from '../../crypto/keyring.ts';
import { RolledBack } from '../../crypto/row-mac.ts';
import { type ActHead, type ActKind, type ActSummary, compareHeads, type NewAct } from '../../domain/acts/act.ts';
import type { AuditSpan } from '../../domain/acts/ports.ts';
import { clock, type Transaction } from '../db/transaction.ts';

export interface ActRow {
  number: number;
  epoch: number;
  kind: string;
  subject: string | null;
  actor: string | null;
  /** The text, of which the MAC is. */
  details: string;
  created_at: Date;
  previous_mac: Buffer | null;
  mac: Buffer;
}

const COLUMNS = 'number, epoch, kind, subject, actor, details::text as details, created_at, previous_mac, mac';

export const headOf = ({ epoch, number, mac }: ActRow): ActHead => ({ epoch, number, mac: mac.toString('base64url') });

export const summaryOf = ({ number, epoch, kind, subject, actor, created_at }: ActRow): ActSummary => ({
  number,
  epoch,
  kind,
  subject,
  actor,
  at: created_at.toISOString(),
});

/** @throws RowForged */
export const authenticateAct = (sealer: Sealer, row: ActRow): void =>
  sealer.authenticate('admin_act', String(row.number), row, row.mac);

/** From `from` on, in their order. */
export const readActs = (tx: Transaction, project_id: string, from: number, limit: number): Promise<ActRow[]> =>
  tx.query<ActRow>(
    `select ${COLUMNS} from admin_acts where project_id = $1 and number >= $2 order by number limit $3`,
    [project_id, from, limit],
  );

/** Before the number `before` and of the last `since_ms`, newest first. */
export const readNewestActs = (tx: Transaction, { limit, before, since_ms }: AuditSpan): Promise<ActRow[]> =>
  tx.query<ActRow>(
    `select ${COLUMNS} from admin_acts where project_id = $1 and ($2::integer is null or number < $2)
       and ($3::bigint is null or created_at >= now() - $3 * interval '1 millisecond') order by number desc limit $4`,
    [tx.project_id, before ?? null, since_ms ?? null, limit],
  );

/** In their order. */
export const actsOfKind = (tx: Transaction, project_id: string, kind: ActKind): Promise<ActRow[]> =>
  tx.query<ActRow>(`select ${COLUMNS} from admin_acts where project_id = $1 and kind = $2 order by number`, [
    project_id,
    kind,
  ]);

export const newestActOfKind = async (
  tx: Transaction,
  project_id: string,
  kind: ActKind,
): Promise<ActRow | undefined> =>
  (
    await tx.query<ActRow>(
      `select ${COLUMNS} from admin_acts where project_id = $1 and kind = $2 order by number desc limit 1`,
      [project_id, kind],
    )
  )[0];

/** The last act, and the one with this number if it is another. */
const lastActs = (tx: Transaction, project_id: string, number: number): Promise<ActRow[]> =>
  tx.query<ActRow>(
    `select ${COLUMNS} from admin_acts
     where project_id = $1 and (number = $2 or number = (select max(number) from admin_acts where project_id = $1)) order by number desc`,
    [project_id, number],
  );

/** Whether the chain with this last act contains the head that was seen. `at` is the row with the number of that head. */
const continues = (last: ActHead | undefined, at: ActRow | undefined, seen: ActHead): boolean => {
  if (!last || compareHeads(last, seen) < 0) return false;
  return last.epoch > seen.epoch || (at !== undefined && headOf(at).mac === seen.mac);
};

async function insert(tx: Transaction, sealer: Sealer, row: Omit<ActRow, 'mac'>): Promise<ActRow> {
  const mac = sealer.macOf('admin_act', String(row.number), row);
  await tx.query(
    `insert into admin_acts (project_id, number, epoch, kind, subject, actor, details, created_at, previous_mac, mac)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      sealer.project_id,
      row.number,
      row.epoch,
      row.kind,
      row.subject,
      row.actor,
      row.details,
      row.created_at,
      row.previous_mac,
      mac,
    ],
  );
  return { ...row, mac };
}

const written = ({ kind, subject, by: { owner, ...from }, details }: NewAct) => ({
  kind,
  subject,
  actor: owner,
  details: JSON.stringify({ ...details, from }),
});

/** Acts of a project are written one after the other. Does not lock out inserts that refer to the project. */
const lock = (tx: Transaction, project_id: string) =>
  tx.query('select 1 from projects where id = $1 for no key update', [project_id]);

/**
 * Adds an act to the project's chain, in the transaction of what it records. The attacker brought an older state of the database back
 * while this process runs: the act is refused if the chain does not contain `seen`, the last head that the process knows.
 * @throws RolledBack, RowForged
 */
export async function appendAct(tx: Transaction, sealer: Sealer, act: NewAct, seen?: ActHead): Promise<ActRow> {
  const { project_id } = sealer;
  const [, [last, ...before], created_at] = await Promise.all([
    lock(tx, project_id),
    lastActs(tx, project_id, seen?.number ?? 0),
    clock(tx),
  ]);
  if (last) authenticateAct(sealer, last);
  if (seen && !continues(last && headOf(last), before[0] ?? last, seen))
    throw new RolledBack('admin_act', String(seen.number));
  return insert(tx, sealer, {
    ...written(act),
    number: (last?.number ?? 0) + 1,
    epoch: last?.epoch ?? 1,
    created_at,
    previous_mac: last?.mac ?? null,
  });
}

/**
 * Opens an epoch above `above`: a person accepts the chain as it stands. The last act need not be authentic, or one that was added
 * by somebody else could never be passed.
 */
export async function appendEpoch(tx: Transaction, sealer: Sealer, above: number, act: NewAct): Promise<ActRow> {
  const { project_id } = sealer;
  const [, [last], created_at] = await Promise.all([lock(tx, project_id), lastActs(tx, project_id, 0), clock(tx)]);
  const known = last && sealer.isAuthentic('admin_act', String(last.number), last, last.mac) ? last.epoch : 0;
  const epoch = Math.max(above, known) + 1;
  return insert(tx, sealer, {
    ...written(act),
    subject: String(epoch),
    number: (last?.number ?? 0) + 1,
    epoch,
    created_at,
    previous_mac: last?.mac ?? null,
  });
}
