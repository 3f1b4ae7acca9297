import type { Pool } from 'pg';
import { type Sealer, UnknownProject } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { Actor } from '../../domain/acts/act.ts';
import type { ActLog, ActWork } from '../acts/act-log.ts';
import { authenticateAct, newestActOfKind } from '../acts/admin-acts.ts';
import { acrossProjects, type Transaction } from '../db/transaction.ts';

/** Days after its outcome for which the payload of a request is kept; null: without a limit, as where nothing was set. */
export type RetentionDays = number | null;

export const MAX_RETENTION_DAYS = 36_500;
export const isRetentionDays = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_RETENTION_DAYS;

/**
 * The setting is the newest act that sets it, and has no column: the attacker writes to the database, and would shorten it, so that this
 * product itself removes the evidence. @throws RowForged
 */
export async function readRetention(
  tx: Transaction,
  sealer: Sealer,
): Promise<{ days: RetentionDays; since: Date | null }> {
  const act = await newestActOfKind(tx, sealer.project_id, 'retention_set');
  if (!act) return { days: null, since: null };
  authenticateAct(sealer, act);
  const { days } = JSON.parse(act.details) as { days: unknown };
  if (days !== null && !isRetentionDays(days)) throw new RowForged('admin_act', String(act.number));
  return { days, since: act.created_at };
}

const setIn =
  (days: RetentionDays, by: Actor): ActWork<void> =>
  async (tx, { project_id }, record) => {
    const known = await tx.query('select 1 from projects where id = $1', [project_id]);
    if (known.length === 0) throw new UnknownProject(`there is no project ${project_id}`);
    await record({ kind: 'retention_set', subject: null, by, details: { days } });
  };

/** @throws RangeError, UnknownProject; RolledBack if the chain of acts is not complete */
export async function setRetention(acts: ActLog, project_id: string, days: RetentionDays, by: Actor): Promise<void> {
  if (days !== null && !isRetentionDays(days)) throw new RangeError(`retention: 1 to ${MAX_RETENTION_DAYS} days`);
  await acts.transact(project_id, setIn(days, by));
}

/** Projects in which a retention time was set, also if it was taken back since. */
export const projectsWithRetention = (pool: Pool): Promise<string[]> =>
  acrossProjects(pool, async (tx) =>
    (
      await tx.query<{ project_id: string }>(
        "select distinct project_id from admin_acts where kind = 'retention_set' order by 1",
      )
    ).map(({ project_id }) => project_id),
  );
