import type { Pool } from 'pg';
import type { Sealer } from '../../crypto/keyring.ts';
import { type ActHead, type ActSummary, type AnchoredHead, compareHeads, MAX_RECENT } from '../../domain/acts/act.ts';
import type { IncidentKind } from '../../domain/approval/incident.ts';
import { onceInProject, type Transaction } from '../db/transaction.ts';
import { type ActRow, headOf, readActs, summaryOf } from './admin-acts.ts';

const BATCH = 1_000;
/** Acts per project that a start verifies, besides those since the anchor. `letsping doctor` verifies all of the epoch. */
export const AT_START = 1_000;

export interface ChainFault {
  project_id: string;
  incident: Extract<IncidentKind, 'forged_row' | 'rolled_back'>;
  /** A clause: what is wrong. */
  detail: string;
}

export interface VerifiedChain {
  /** Undefined if there is no act. */
  head: AnchoredHead | undefined;
  fault: ChainFault | undefined;
}

interface Bounds {
  last: number | null;
  epoch: number | null;
  /** Number of the newest act that opened an epoch. */
  opened: number | null;
}

async function boundsOf(tx: Transaction): Promise<Bounds> {
  const [bounds] = await tx.query<Bounds>(
    `select max(number) as last, max(number) filter (where kind = 'epoch_opened') as opened,
       (select epoch from admin_acts where project_id = $1 order by number desc limit 1) as epoch
     from admin_acts where project_id = $1`,
    [tx.project_id],
  );
  return bounds!;
}

/** What is wrong with an act that follows another; undefined if nothing is. */
export function faultOf(sealer: Sealer, row: ActRow, before: ActRow | undefined, expected: number): string | undefined {
  const { number, epoch, kind } = row;
  if (number !== expected) return `act ${expected} is missing`;
  if (!sealer.isAuthentic('admin_act', String(number), row, row.mac))
    return `act ${number} was changed, or written by somebody else`;
  if (kind === 'epoch_opened') return undefined;
  const follows = before
    ? before.mac.equals(row.previous_mac ?? Buffer.alloc(0)) && before.epoch === epoch
    : number > 1 || row.previous_mac === null;
  return follows ? undefined : `act ${number} does not follow act ${number - 1}`;
}

/** How the database differs from what was anchored; undefined if it does not. `at` is the act with the anchored number. */
function differenceFrom(anchored: ActHead, head: ActHead | undefined, at: ActHead | undefined): string | undefined {
  const file = `act ${anchored.number} of epoch ${anchored.epoch}`;
  if (!head) return `it has no administrative act, the anchor has ${file}`;
  if (compareHeads(head, anchored) < 0)
    return `its last administrative act is ${head.number} of epoch ${head.epoch}, the anchor has ${file}`;
  if (head.epoch === anchored.epoch && at?.mac !== anchored.mac) return `its ${file} is not the one of the anchor`;
  return undefined;
}

/**
 * Verifies the chain of a project: every act since its epoch was opened, but at most the last `limit` and those since the anchor.
 * The attacker writes to the database and has no root key. A changed, added or missing act is found here; an older consistent state
 * is found only by the anchor.
 */
export async function verifyChain(
  pool: Pool,
  sealer: Sealer,
  anchored: ActHead | undefined,
  limit = AT_START,
): Promise<VerifiedChain> {
  const { project_id } = sealer;
  const { last, epoch, opened } = await onceInProject(pool, project_id, boundsOf);
  const wanted = Math.max(opened ?? 1, (last ?? 0) - limit + 1);
  const from = anchored && anchored.epoch === epoch ? Math.min(wanted, anchored.number) : wanted;

  let before: ActRow | undefined;
  let at: ActHead | undefined;
  const recent: ActSummary[] = [];
  const found = (incident: ChainFault['incident'], detail: string): VerifiedChain => ({
    head: before && { ...headOf(before), recent },
    fault: { project_id, incident, detail },
  });
  for (let expected = Math.max(from, 1); ; ) {
    const rows = await onceInProject(pool, project_id, (tx) => readActs(tx, project_id, expected, BATCH));
    for (const row of rows) {
      const fault = faultOf(sealer, row, before, expected);
      if (fault) return found('forged_row', fault);
      if (row.number === anchored?.number) at = headOf(row);
      recent.push(summaryOf(row));
      if (recent.length > MAX_RECENT) recent.shift();
      before = row;
      expected += 1;
    }
    if (rows.length < BATCH) break;
  }
  const head = before && { ...headOf(before), recent };
  const difference = anchored && differenceFrom(anchored, head, at);
  if (difference) return found('rolled_back', difference);
  if (!head) return found('rolled_back', 'it has no administrative act, and every project has one');
  return { head, fault: undefined };
}
