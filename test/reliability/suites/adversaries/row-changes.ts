import pg from 'pg';
import type { Rig } from '../../../faults/rig.ts';

/**
 * Someone who writes to the database and has no root key: as the login of api and worker, or as the owner of the tables, for whom no
 * trigger and no foreign key holds (an edited dump).
 */
export type Login = 'application' | 'owner';

/** Runs statements as this login. A statement that the database refuses answers its SQLSTATE. */
export async function writing(rig: Rig, login: Login, text: string, values: unknown[] = []): Promise<any[] | string> {
  const client = new pg.Client({ connectionString: login === 'owner' ? rig.owner_url : rig.app_url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query("set app.project_id = '*'");
    if (login === 'owner') await client.query('set session_replication_role = replica');
    return (await client.query(text, values)).rows;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code;
  } finally {
    await client.end();
  }
}

/** Refusals by the database's own rules: missing right, check, not null, append-only trigger, unique key, foreign key. */
const RULES = ['42501', '23514', '23502', 'P0001', '23505', '23503'];

/** Whether the statement wrote something. @throws Error if it is wrong in itself, so that no attempt is empty by mistake. */
export async function wrote(rig: Rig, login: Login, text: string, values: unknown[] = []): Promise<boolean> {
  const done = await writing(rig, login, text, values);
  if (typeof done !== 'string') return true;
  if (RULES.includes(done)) return false;
  throw new Error(`the attacker's statement failed with ${done}: ${text}`);
}

export interface Column {
  name: string;
  type: string;
  isKey: boolean;
}

export async function columnsOf(rig: Rig, table: string): Promise<Column[]> {
  return rig.sql(
    `select c.column_name as name, c.udt_name as type,
       exists (select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
         where i.indrelid = $1::text::regclass and i.indisprimary and a.attname = c.column_name) as "isKey"
     from information_schema.columns c where c.table_schema = 'public' and c.table_name = $1::text order by c.ordinal_position`,
    [table],
  );
}

const ENUMS: Record<string, string[]> = {
  status: ['pending', 'approved', 'rejected', 'expired', 'cancelled'],
  cause: ['person', 'firewall', 'deadline', 'caller'],
  verdict: ['allow', 'hold', 'block'],
  priority: ['low', 'critical'],
  role: ['admin', 'approver', 'agent'],
  channel: ['api', 'page', 'signal', 'deadline'],
  screening: ['accepted', 'second_approver', 'refused'],
  held_by: ['finding', 'policy'],
  context_trust: ['full', 'tighten_only'],
};

/** SQL of other values of a column, by its type. `numbers`: where to change bytes and times. */
export function otherValues({ name, type }: Column, random: () => number): string[] {
  const at = Math.floor(random() * 1e6);
  const c = `"${name}"`;
  switch (type) {
    case 'text':
      if (name === 'type') return ["'approve'", "'reject'", "'patch'"];
      return [
        ...(ENUMS[name] ?? ['ceo', '', 'dev-approver', 'read_report']).map((value) => `'${value}'`),
        `${c} || 'x'`,
        'null',
      ];
    case 'bytea':
      return [
        `set_byte(${c}, ${at} % length(${c}), get_byte(${c}, ${at} % length(${c})) # ${1 + (at % 255)})`,
        `substring(${c} from 1 for length(${c}) - 1)`,
        `${c} || '\\x00'`,
        "'\\x00'",
        'null',
      ];
    case 'timestamptz':
      return [
        `${c} + interval '${1 + (at % 1_000)} days'`,
        `${c} - interval '${1 + (at % 1_000)} days'`,
        'now()',
        'null',
      ];
    case 'bool':
      return [`not ${c}`];
    case 'int4':
    case 'int8':
      return [`${c} + 1`, `${c} - 1`, '1'];
    case '_text':
      return [`array_append(${c}, 'x')`, "'{}'", 'null'];
    case 'jsonb':
    case 'json':
      return ["'{}'", "'null'"];
    default:
      return ['null'];
  }
}

export interface Change {
  table: string;
  column: string;
  value: string;
}

/** Every column of a table, each with other values. Columns of the key are changed too: the row then belongs elsewhere. */
export async function changesOf(rig: Rig, table: string, random: () => number): Promise<Change[]> {
  const columns = await columnsOf(rig, table);
  return columns.flatMap((column) =>
    otherValues(column, random).map((value) => ({ table, column: column.name, value })),
  );
}

/**
 * Changes one row, found by `where`, and returns how to change it back. `unchanged`: the row has this value already, or the database
 * refuses it.
 */
export async function changed(
  rig: Rig,
  login: Login,
  { table, column, value }: Change,
  where: string,
): Promise<'unchanged' | (() => Promise<void>)> {
  const [row] = await rig.sql(`select to_jsonb(t) as before from ${table} t where ${where}`);
  if (!row) return 'unchanged';
  const done = await writing(
    rig,
    login,
    `update ${table} t set "${column}" = ${value} where ${where} and "${column}" is distinct from ${value} returning to_jsonb(t) as after`,
  );
  if (typeof done === 'string' || done.length === 0) return 'unchanged';
  const keys = (await columnsOf(rig, table)).filter(({ isKey }) => isKey).map(({ name }) => name);
  const of = (found: any) =>
    keys
      .map(
        (name) =>
          `${name} = (jsonb_populate_record(null::${table}, '${JSON.stringify(found).replaceAll("'", "''")}'::jsonb)).${name}`,
      )
      .join(' and ');
  return async () => {
    const before = JSON.stringify(row.before).replaceAll("'", "''");
    const back = await writing(
      rig,
      'owner',
      `delete from ${table} where (${of(row.before)}) or (${of(done[0].after)});
       insert into ${table} select * from jsonb_populate_record(null::${table}, '${before}'::jsonb)`,
    );
    if (typeof back === 'string') throw new Error(`${table} cannot be restored: ${back}`);
  };
}
