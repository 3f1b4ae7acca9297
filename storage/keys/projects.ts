import type { Pool } from 'pg';
import type { WrappedKey } from '../../crypto/keyring.ts';
import { acrossProjects, type Transaction } from '../db/transaction.ts';

export async function insertProject(tx: Transaction, name: string, key: WrappedKey): Promise<void> {
  await tx.query('insert into projects (id, name, root_key_id, wrapped_key) values ($1, $2, $3, $4)', [
    tx.project_id,
    name,
    key.root_key_id,
    Buffer.from(key.wrapped_key),
  ]);
}

/** The root keys under which this database is sealed. A process with another root key must not start. */
export const rootKeyIds = (pool: Pool): Promise<string[]> =>
  acrossProjects(pool, async (tx) =>
    (await tx.query<{ root_key_id: string }>('select distinct root_key_id from projects')).map(
      ({ root_key_id }) => root_key_id,
    ),
  );

/** Number of projects per root key. */
export const rootKeyReferences = (pool: Pool): Promise<Record<string, number>> =>
  acrossProjects(pool, async (tx) => {
    const rows = await tx.query<{ root_key_id: string; projects: number }>(
      'select root_key_id, count(*)::int as projects from projects group by 1 order by 1',
    );
    return Object.fromEntries(rows.map(({ root_key_id, projects }) => [root_key_id, projects]));
  });

/** The oldest project; undefined in an empty deployment. */
export const firstProject = (pool: Pool): Promise<{ id: string; name: string } | undefined> =>
  acrossProjects(
    pool,
    async (tx) =>
      (
        await tx.query<{ id: string; name: string }>('select id, name from projects order by created_at, id limit 1')
      )[0],
  );

/** Oldest first. `limit` null: all. */
export const projectIds = (pool: Pool, limit: number | null): Promise<string[]> =>
  acrossProjects(pool, async (tx) =>
    (await tx.query<{ id: string }>('select id from projects order by created_at, id limit $1', [limit])).map(
      ({ id }) => id,
    ),
  );
