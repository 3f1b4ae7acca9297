import type { Pool } from 'pg';
import type { AuditAct } from '../../contracts/audit.ts';
import type { Keyring, Sealer } from '../../crypto/keyring.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { ActHead, Actor } from '../../domain/acts/act.ts';
import type { AuditStore } from '../../domain/acts/ports.ts';
import type { ReportForged } from '../../domain/approval/forged-row.ts';
import { onceInProject } from '../db/transaction.ts';
import type { ActLog } from './act-log.ts';
import { type ActRow, readNewestActs } from './admin-acts.ts';
import { faultOf } from './verify-chain.ts';

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Also of an act that somebody else wrote: its details are any JSON. Those of a release before have no `from`. */
function asAct(sealer: Sealer, row: ActRow): AuditAct {
  const { number, epoch, kind, subject, actor, created_at, previous_mac, mac } = row;
  const { from, ...details } = objectOf(JSON.parse(row.details));
  const { key_id, surface, address } = objectOf(from) as Partial<Record<keyof Actor, unknown>>;
  return {
    ...{ number, epoch, kind, subject, actor, details },
    at: created_at.toISOString(),
    ...{ key_id: textOf(key_id), surface: textOf(surface), address: textOf(address) },
    previous_mac: previous_mac?.toString('base64url') ?? null,
    mac: mac.toString('base64url'),
    authentic: sealer.isAuthentic('admin_act', String(number), row, mac),
  };
}

/** A page begins with the act right before the one that the page before ended with. */
const gapBefore = (first: ActRow | undefined, before: number | undefined, head: ActHead): string | undefined =>
  before !== undefined && before <= head.number && first?.epoch === head.epoch && first.number !== before - 1
    ? `act ${before - 1} is missing`
    : undefined;

/** What is wrong with acts that follow one another, newest first; undefined if nothing is. Acts of epochs before were accepted by a person. */
function faultAmong(sealer: Sealer, rows: readonly ActRow[], epoch: number): string | undefined {
  const inOrder = rows.filter((row) => row.epoch === epoch).reverse();
  for (const [i, row] of inOrder.entries()) {
    const before = inOrder[i - 1];
    // Of the oldest row of a page that is not the first act, only its MAC can be checked here.
    const fault = faultOf(sealer, row, before, before ? before.number + 1 : row.number);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export interface AuditDeps {
  pool: Pool;
  keyring: Keyring;
  acts: ActLog;
  report: ReportForged;
}

/**
 * The acts as they stand, with what is wrong. The attacker writes to the database: a reader of the trail learns that it is not complete,
 * also where no start has checked it since. Each page names what follows it, so an act that is missing between two pages is found.
 */
export const auditStore = ({ pool, keyring, acts, report }: AuditDeps): AuditStore => ({
  async audit(project_id, { limit, ...span }) {
    const sealer = await keyring.sealer(project_id);
    const { head, fault } = await acts.verify(project_id);
    if (fault) {
      const Forged = fault.incident === 'rolled_back' ? RolledBack : RowForged;
      await report(project_id, new Forged('admin_act', String(head?.number ?? 0)));
    }
    const rows = await onceInProject(pool, project_id, (tx) => readNewestActs(tx, { limit: limit + 1, ...span }));
    const items = rows.slice(0, limit).map((row) => asAct(sealer, row));
    return {
      items,
      next: rows.length > limit ? items.at(-1)!.number : null,
      fault:
        fault?.detail ??
        (head && (gapBefore(rows[0], span.before, head) ?? faultAmong(sealer, rows, head.epoch))) ??
        null,
    };
  },
});
