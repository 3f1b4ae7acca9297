import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import type { AnchoredHead } from '../../domain/acts/act.ts';
import { type Anchor, AnchorUnusable, type Heads } from '../../domain/acts/ports.ts';
import { reportIncident } from '../approvals/incidents.ts';
import { StartRefused } from '../db/start-up.ts';
import { onceInProject } from '../db/transaction.ts';
import { projectIds } from '../keys/projects.ts';
import { keysBroughtBack } from '../keys/revoked-keys.ts';
import { AT_START, type ChainFault, verifyChain } from './verify-chain.ts';

export interface VerifiedChains {
  heads: Heads;
  faults: ChainFault[];
  /** Projects of the anchor that the database does not have. */
  missing: string[];
}

/**
 * Verifies the chain of every project. Reads only. `anchored`: what the anchor had before this call, so that every act of it was
 * committed.
 */
export async function verifyChains(
  pool: Pool,
  keyring: Keyring,
  anchored: Heads,
  limit = AT_START,
): Promise<VerifiedChains> {
  const ids = await projectIds(pool, null);
  const heads = new Map<string, AnchoredHead>();
  const faults: ChainFault[] = [];
  for (const id of ids) {
    const { head, fault } = await verifyChain(pool, await keyring.sealer(id), anchored.get(id), limit);
    if (fault) faults.push(fault);
    for (const kid of fault ? [] : await keysBroughtBack(pool, keyring, id))
      faults.push({
        project_id: id,
        incident: 'rolled_back',
        detail: `the signing key ${kid} was revoked, and its row is from before: run letsping signing-keys revoke ${kid} again`,
      });
    if (head) heads.set(id, head);
  }
  return { heads, faults, missing: [...anchored.keys()].filter((id) => !ids.includes(id)) };
}

/** One sentence about everything that is wrong; undefined if nothing is. */
export function rolledBackSentence(
  { faults, missing }: VerifiedChains,
  anchor: Anchor | undefined,
): string | undefined {
  const all = [
    ...faults.map(({ project_id, detail }) => `project ${project_id}: ${detail}`),
    ...missing.map((id) => `project ${id} is not in it, the anchor has it`),
  ];
  const [first] = all;
  if (first === undefined) return undefined;
  const more = all.length > 1 ? `, and ${all.length - 1} more` : '';
  return `the database is not the one that this deployment last had${anchor ? ` (${anchor.name})` : ''}: ${first}${more}. If you restored a backup, accept its state with letsping restore --accept --reason TEXT; otherwise somebody changed the database or brought an older state back`;
}

/**
 * Refuses a database that was rolled back or whose administrative acts were changed, with an incident in each such project. Otherwise
 * raises the anchor to the database's heads, and returns them.
 * @throws StartRefused
 */
export async function refuseRolledBack(pool: Pool, keyring: Keyring, anchor?: Anchor): Promise<Heads> {
  try {
    const verified = await verifyChains(pool, keyring, (await anchor?.read()) ?? new Map());
    const sentence = rolledBackSentence(verified, anchor);
    if (sentence !== undefined) {
      for (const { project_id, incident } of verified.faults)
        await onceInProject(pool, project_id, (tx) => reportIncident(tx, incident, null)).catch(() => {});
      throw new StartRefused(sentence);
    }
    await anchor?.raise(verified.heads);
    return verified.heads;
  } catch (error) {
    if (error instanceof AnchorUnusable) throw new StartRefused(error.message, { cause: error });
    throw error;
  }
}
