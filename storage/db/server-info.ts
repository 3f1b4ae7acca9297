import type { Pool } from 'pg';

/** What `letsping doctor` checks about the database. */
export async function serverClock(pool: Pool): Promise<{ version: string; now: Date }> {
  const { rows } = await pool.query<{ version: string; now: Date }>(
    "select current_setting('server_version') as version, clock_timestamp() as now",
  );
  return rows[0]!;
}

export interface LoginRights {
  login: string;
  superuser: boolean;
  bypassrls: boolean;
  /** Owns one of our tables, itself or through a role. */
  owner: boolean;
  /** Is a member of the role that the tables are granted to. */
  member: boolean;
}

export async function loginRights(pool: Pool): Promise<LoginRights> {
  const { rows } = await pool.query<LoginRights>(
    `select rolname as login, rolsuper as superuser, rolbypassrls as bypassrls,
       exists (select from pg_class where relname = 'ledger' and relnamespace = 'public'::regnamespace and pg_has_role(r.oid, relowner, 'member')) as owner,
       pg_has_role(r.oid, 'letsping_app', 'member') as member
     from pg_roles r where rolname = current_user`,
  );
  return rows[0]!;
}
