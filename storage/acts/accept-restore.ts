import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import { type ActSummary, type AnchoredHead, MAX_RECENT, TERMINAL } from '../../domain/acts/act.ts';
import { type Anchor, AnchorUnusable, type Heads } from '../../domain/acts/ports.ts';
import { inProject } from '../db/transaction.ts';
import { type ActRow, appendEpoch, headOf, readActs, summaryOf } from './admin-acts.ts';
import { verifyChains } from './refuse-rolled-back.ts';

export interface AcceptedProject {
  project_id: string;
  epoch: number;
  /** What was wrong with the chain; undefined if nothing was. */
  fault: string | undefined;
  /** Acts of the anchor that the database does not have. */
  lost: ActSummary[];
  /** Lost acts that are too old for the anchor to name. */
  lost_unnamed: number;
}

export interface Accepted {
  /** Empty if there was nothing to accept. */
  projects: AcceptedProject[];
  /** Projects of the anchor that the database does not have. */
  missing: string[];
}

const isSame = (a: ActSummary, b: ActSummary) =>
  a.epoch === b.epoch && a.kind === b.kind && a.subject === b.subject && a.at === b.at;

/** What the anchor knows and the database does not have. */
function lostActs(
  anchored: AnchoredHead | undefined,
  stored: ActRow[],
  last: number,
): Pick<AcceptedProject, 'lost' | 'lost_unnamed'> {
  if (!anchored) return { lost: [], lost_unnamed: 0 };
  const byNumber = new Map(stored.map((row) => [row.number, summaryOf(row)]));
  const lost = anchored.recent.filter((act) => {
    const there = byNumber.get(act.number);
    return !there || !isSame(there, act);
  });
  const oldest = anchored.recent[0]?.number ?? anchored.number + 1;
  return { lost, lost_unnamed: Math.max(0, oldest - 1 - last) };
}

/** Undefined for a damaged anchor: the state of the database is what a person accepts. */
async function readable(anchor: Anchor): Promise<Heads | undefined> {
  try {
    return (await anchor.read()) ?? new Map();
  } catch (error) {
    if (error instanceof AnchorUnusable && error.damaged) return undefined;
    throw error;
  }
}

/**
 * A person accepts the state of the database: a restored backup, or a chain that somebody changed. Opens an epoch in every project,
 * for all hosts at once, and writes the anchor. With an anchor that the database agrees with, nothing is written.
 * @throws AnchorUnusable
 */
export async function acceptRestore(options: {
  pool: Pool;
  keyring: Keyring;
  anchor: Anchor | undefined;
  reason: string;
}): Promise<Accepted> {
  const { pool, keyring, anchor, reason } = options;
  const anchored = anchor && (await readable(anchor));
  const { heads, faults, missing } = await verifyChains(pool, keyring, anchored ?? new Map());
  if (anchored && faults.length === 0 && missing.length === 0) return { projects: [], missing };
  const projects: AcceptedProject[] = [];
  const accepted = new Map<string, AnchoredHead>();
  const ids = new Set([...heads.keys(), ...faults.map(({ project_id }) => project_id)]);
  for (const project_id of ids) {
    const sealer = await keyring.sealer(project_id);
    const known = anchored?.get(project_id);
    const row = await inProject(pool, project_id, async (tx) => {
      const first = known?.recent[0]?.number ?? 1;
      const stored = await readActs(tx, project_id, first, MAX_RECENT + 1);
      const lost = lostActs(known, stored, heads.get(project_id)?.number ?? 0);
      const act = await appendEpoch(tx, sealer, known?.epoch ?? 0, {
        kind: 'epoch_opened',
        subject: null,
        by: TERMINAL,
        details: {
          reason,
          anchored_epoch: known?.epoch ?? null,
          anchored_number: known?.number ?? null,
          lost: lost.lost.length + lost.lost_unnamed,
        },
      });
      projects.push({
        project_id,
        epoch: act.epoch,
        fault: faults.find((fault) => fault.project_id === project_id)?.detail,
        ...lost,
      });
      return act;
    });
    const recent = [...(heads.get(project_id)?.recent ?? []), summaryOf(row)].slice(-MAX_RECENT);
    accepted.set(project_id, { ...headOf(row), recent });
  }
  await anchor?.replace(accepted);
  return { projects, missing };
}
