import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { ensureAppLogin } from '../../storage/db/app-login.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { createPool } from '../../storage/db/pool.ts';

export interface TestDatabase {
  /** Connects as the owner, who sees all rows. */
  owner_url: string;
  /** Connects as api and worker do. */
  app_url: string;
  pool: pg.Pool;
  /** One statement of the owner, over all projects: what the application's login may not do. */
  asOwner(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  drop(): Promise<void>;
}

/** Creates a database on the run's PostgreSQL: a copy of its migrated one, or an empty one. */
export async function createDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const base = inject('databaseUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = async (sql: string) => {
    const client = new pg.Client({ connectionString: base });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin(`create database ${name} ${migrated ? `template ${inject('migratedDatabase')} strategy file_copy` : ''}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  const owner_url = url.href;
  if (migrated) await migrate(owner_url); // a copy has no connect rights yet
  const app_url = migrated ? await ensureAppLogin(owner_url) : owner_url;
  const pool = createPool(app_url);
  return {
    owner_url,
    app_url,
    pool,
    asOwner: async (text, values) => {
      const client = new pg.Client({ connectionString: owner_url });
      await client.connect();
      try {
        await client.query("set app.project_id = '*'");
        return await client.query(text, values);
      } finally {
        await client.end();
      }
    },
    drop: async () => {
      await pool.end();
      await admin(`drop database ${name} with (force)`);
      await admin(`drop role if exists letsping_app_${name}`);
    },
  };
}
