import type { Pool } from 'pg';
import type { Keyring, Sealer } from '../../crypto/keyring.ts';
import { type ActHead, compareHeads, type NewAct } from '../../domain/acts/act.ts';
import type { Anchor, Heads } from '../../domain/acts/ports.ts';
import { reportingForged } from '../approvals/forged-rows.ts';
import { inProject, type Transaction } from '../db/transaction.ts';
import { type ActRow, appendAct, headOf, summaryOf } from './admin-acts.ts';
import { type VerifiedChain, verifyChain } from './verify-chain.ts';

/** Adds an act to the chain, as part of the transaction. @throws RolledBack, RowForged */
export type RecordAct = (act: NewAct) => Promise<void>;

/** The work of a transaction that records acts. */
export type ActWork<T> = (tx: Transaction, sealer: Sealer, record: RecordAct) => Promise<T>;

/** Transactions that give or take authority, each with its acts. */
export interface ActLog {
  /**
   * A transaction inside the project. If it records acts and commits, the anchor is raised before this resolves. `created` is the sealer
   * of a project that the transaction creates.
   * @throws RolledBack, RowForged
   */
  transact<T>(project_id: string, work: ActWork<T>, created?: Sealer): Promise<T>;
  /** Verifies the newest acts, and that the chain has everything that this process or the anchor has seen. */
  verify(project_id: string): Promise<VerifiedChain>;
  /** The heads that the check at the start found. */
  remember(heads: Heads): void;
}

export interface ActLogOptions {
  pool: Pool;
  keyring: Keyring;
  anchor?: Anchor | undefined;
  /**
   * The anchor could not be read or written. The act is made nevertheless, because a key must be revocable then too; the next act, or
   * the next start, raises the anchor.
   */
  onAnchorFailed?: (error: Error) => void;
}

/**
 * Remembers the head of each project's chain. The attacker brings an older state of the database back while this process runs: the
 * next act is refused, with an incident `rolled_back`, and so is one on a chain that lacks what the anchor has.
 */
export function createActLog({ pool, keyring, anchor, onAnchorFailed = () => {} }: ActLogOptions): ActLog {
  const seen = new Map<string, ActHead>();
  const remember = (project_id: string, head: ActHead) => {
    const known = seen.get(project_id);
    if (!known || compareHeads(head, known) > 0) seen.set(project_id, head);
  };
  return {
    async transact(project_id, work, created) {
      const sealer = created ?? (await keyring.sealer(project_id));
      const acts: ActRow[] = [];
      // Before the transaction: every act that the anchor has was committed.
      const anchored = (await anchor?.read().catch(onAnchorFailed))?.get(project_id);
      if (anchored) remember(project_id, anchored);
      const result = await reportingForged(pool, project_id, () =>
        inProject(pool, project_id, (tx) =>
          work(tx, sealer, async (act) => {
            acts.push(await appendAct(tx, sealer, act, seen.get(project_id)));
          }),
        ),
      );
      const last = acts.at(-1);
      if (last) {
        remember(project_id, headOf(last));
        const head = { ...headOf(last), recent: acts.map(summaryOf) };
        await anchor?.raise(new Map([[project_id, head]])).catch(onAnchorFailed);
      }
      return result;
    },
    async verify(project_id) {
      const anchored = (await anchor?.read().catch(onAnchorFailed))?.get(project_id);
      if (anchored) remember(project_id, anchored);
      return verifyChain(pool, await keyring.sealer(project_id), seen.get(project_id));
    },
    remember: (heads) => {
      for (const [project_id, head] of heads) remember(project_id, head);
    },
  };
}
