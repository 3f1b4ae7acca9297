import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { PolicyVersion } from '../../contracts/policy.ts';
import type { Keyring, Sealer } from '../../crypto/keyring.ts';
import { RolledBack } from '../../crypto/row-mac.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { type RollbackMemory, readCurrent } from '../access/rollback-memory.ts';
import { clock, inProject, type Transaction } from '../db/transaction.ts';
import { COLUMNS } from './approval-requests.ts';
import { currentPolicy } from './policies.ts';
import { isAuthenticRequest, SEAL_FRONT_SQL } from './request-seal.ts';

/** Enough to notice a removed version after a restart; the attacker can hide it behind as many inserted requests. */
const NEWEST_REQUESTS = 100;
/** How often a process looks at the requests of a project: at first, and then for versions that only another process has seen. */
const LOOK_AGAIN_MS = 60_000;
const MAX_PROJECTS = 10_000;

/**
 * Whether a recent request was screened by a later version than the newest one. The version is part of a request's seal, so an
 * inserted request proves nothing.
 */
async function hasLaterRequest(tx: Transaction, sealer: Sealer): Promise<boolean> {
  const rows = await tx.query<RequestRecord & { front: Buffer }>(
    `select ${COLUMNS}, ${SEAL_FRONT_SQL}
     from (select * from approval_requests where project_id = $1 order by created_at desc, id desc limit ${NEWEST_REQUESTS}) r
     where r.policy_version > coalesce((select max(version) from policies where project_id = $1), 0)`,
    [tx.project_id],
  );
  return rows.some((row) => isAuthenticRequest(sealer, row, row.front));
}

export interface PolicyInForce {
  inForce: PolicyVersion;
  /** The database's clock. */
  now: Date;
}

export type ReadPolicy = (project_id: string) => Promise<PolicyInForce>;

/**
 * Reads the policy in force, in one round trip. The attacker writes to the database, and removes the newest version to bring the one
 * before back: found by a process that has seen the newer one, and, at its first read and once a minute, by requests that were screened
 * by it.
 * @throws RowForged, RolledBack
 */
export function policyReader(pool: Pool, keyring: Keyring, { policies }: Pick<RollbackMemory, 'policies'>): ReadPolicy {
  const looked = new LRUCache<string, true>({ max: MAX_PROJECTS, ttl: LOOK_AGAIN_MS });
  return async (project_id) => {
    const sealer = await keyring.sealer(project_id);
    const read = () =>
      inProject(pool, project_id, async (tx) => {
        const [inForce, isLater, now] = await Promise.all([
          currentPolicy(tx, sealer),
          looked.has(project_id) ? false : hasLaterRequest(tx, sealer),
          clock({ ...tx, query: tx.last }),
        ]);
        return { inForce, isLater, now };
      });
    const isOlder = (version: number) => policies.isOlder(project_id, version);
    const { inForce, isLater, now } = await readCurrent(read, (found) => isOlder(found.inForce.version));
    if (isLater || isOlder(inForce.version)) throw new RolledBack('policy', String(inForce.version));
    policies.saw(project_id, inForce.version);
    if (!looked.has(project_id)) looked.set(project_id, true);
    return { inForce, now };
  };
}
