import pg from 'pg';
import { AUTHENTICATED, NEED_NOT_BE } from '../tables.ts';

/** Maintenance programs connect to it, whatever else it holds. */
const MAINTENANCE = 'postgres';

/** The attacker is a login without rights: every login that may connect can send notices, and hear ours. */
const RIGHTS = `
  select d.datname as database, has_database_privilege('public', d.oid, 'connect') as public, pg_get_userbyid(d.datdba) = current_user as is_owner,
    array(select rolname::text from pg_roles r where rolcanlogin and not rolsuper and has_database_privilege(r.oid, d.oid, 'connect')
      and not pg_has_role(r.oid, 'letsping_app', 'member') and not pg_has_role(r.oid, d.datdba, 'member') order by 1) as others
  from pg_database d where d.datname = current_database()`;

/** Tables, views and sequences that are not the system's and not an extension's. */
const RELATIONS = `
  select c.relname as name, n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')`;

interface Rights {
  database: string;
  /** Every login may connect. */
  public: boolean;
  is_owner: boolean;
  others: string[];
}

const OURS = new Set([...Object.keys(AUTHENTICATED), ...Object.keys(NEED_NOT_BE)]);

/**
 * Lets only the owner and members of `letsping_app` connect, in a database that the current login owns and that holds nothing but our
 * tables. In a shared one that would lock out other people's logins, so it is left as it is. True when this call changed it.
 */
export async function revokeConnect(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<Rights>(RIGHTS);
  const { database, public: isOpen, is_owner } = rows[0]!;
  if (!is_owner) return false;
  const name = pg.escapeIdentifier(database);
  await client.query(`grant connect on database ${name} to letsping_app`);
  if (!isOpen || database === MAINTENANCE) return false;
  const { rows: relations } = await client.query<{ schema: string; name: string }>(RELATIONS);
  if (relations.some((relation) => relation.schema !== 'public' || !OURS.has(relation.name))) return false;
  await client.query(`revoke connect, temporary on database ${name} from public`);
  return true;
}

export interface ConnectRights {
  /** Every login of the server may connect, also one that is created later. */
  public: boolean;
  /** Logins that may connect, except superusers, the owner and members of `letsping_app`. */
  others: string[];
  /** What the owner of the database runs, so that a login needs a grant by name. */
  fix: string;
}

export async function connectRights(pool: pg.Pool): Promise<ConnectRights> {
  const { rows } = await pool.query<Rights>(RIGHTS);
  const { database, public: isPublic, others } = rows[0]!;
  const name = pg.escapeIdentifier(database);
  const fix = `grant connect on database ${name} to letsping_app; revoke connect, temporary on database ${name} from public;`;
  return { public: isPublic, others, fix };
}
