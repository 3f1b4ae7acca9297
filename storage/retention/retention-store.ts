import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { RetentionStore } from '../../domain/approval/ports.ts';
import { removeExpiredKeys } from '../access/idempotency.ts';
import type { ActLog } from '../acts/act-log.ts';
import { inProject, onceAcrossProjects, onceInProject } from '../db/transaction.ts';
import { removePayloads } from './remove-payloads.ts';
import { projectsWithRetention, readRetention } from './retention-days.ts';

/** What the worker removes when its time is over. Each batch is a transaction of its own. */
export const retentionStore = (pool: Pool, keyring: Keyring, acts: ActLog): RetentionStore => ({
  projects: () => projectsWithRetention(pool),
  async days(project_id) {
    // An older chain would bring back a shorter time, and this process would remove what has to be kept.
    const { head, fault } = await acts.verify(project_id);
    if (fault)
      throw new (fault.incident === 'rolled_back' ? RolledBack : RowForged)('admin_act', String(head?.number ?? 0));
    if (head) acts.remember(new Map([[project_id, head]]));
    const sealer = await keyring.sealer(project_id);
    return (await onceInProject(pool, project_id, (tx) => readRetention(tx, sealer))).days;
  },
  async removePayloads(project_id, days, limit, after) {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, (tx) => removePayloads(tx, sealer, days, limit, after));
  },
  removeExpiredKeys: (limit) => onceAcrossProjects(pool, (tx) => removeExpiredKeys(tx, limit)),
});
