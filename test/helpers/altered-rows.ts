import pg from 'pg';
import type { TestDatabase } from './database.ts';

/** SQL of another value of a column, by its type. */
const OTHER: Record<string, (column: string) => string> = {
  text: (c) => `coalesce(${c}, '') || 'x'`,
  integer: (c) => `coalesce(${c}, 0) + 1000`,
  bigint: (c) => `coalesce(${c}, 0) + 1`,
  boolean: (c) => `not coalesce(${c}, false)`,
  bytea: (c) => `coalesce(set_byte(${c}, length(${c}) - 1, get_byte(${c}, length(${c}) - 1) # 1), '\\x01')`,
  'timestamp with time zone': (c) => `coalesce(${c}, now()) + interval '1 second'`,
  ARRAY: (c) => `array_append(coalesce(${c}, '{}'), 'x')`,
  json: (c) => `(coalesce(${c}::text, '') || ' ')::json`,
  jsonb: () => `'{"other": true}'`,
};

export interface Owner {
  client: pg.Client;
  /** Base tables with their columns, in order, and their types. */
  tables: Map<string, Map<string, string>>;
  /** Sets a column of the rows that `where` selects to another value of its type. Returns the statement that restores it. */
  alter(table: string, column: string, where: string): Promise<() => Promise<void>>;
  end(): Promise<void>;
}

/**
 * The owner of the tables, who sees all projects: an attacker with the most rights and without the root key, as in an edited dump. The
 * constraints of values are dropped, so that what refuses a row is its authenticity.
 */
export async function ownerOf(database: TestDatabase): Promise<Owner> {
  const client = new pg.Client({ connectionString: database.owner_url });
  await client.connect();
  await client.query("set app.project_id = '*'");
  const { rows } = await client.query<{ table: string; column: string; type: string }>(
    `select c.table_name as table, c.column_name as column, c.data_type as type from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by 1, c.ordinal_position`,
  );
  const tables: Owner['tables'] = new Map();
  for (const { table, column, type } of rows) tables.set(table, (tables.get(table) ?? new Map()).set(column, type));
  await client.query(`do $$ declare c record; begin
    for c in select conrelid::regclass as t, conname from pg_constraint
             where connamespace = 'public'::regnamespace and contype in ('c', 'f') loop
      execute format('alter table %s drop constraint %I', c.t, c.conname);
    end loop;
    for c in select attrelid::regclass as t, attname from pg_attribute a join pg_class r on r.oid = a.attrelid
             where r.relnamespace = 'public'::regnamespace and r.relkind = 'r' and a.attnum > 0 and a.attnotnull
               and not exists (select from pg_index i where i.indrelid = r.oid and i.indisprimary and a.attnum = any(i.indkey)) loop
      execute format('alter table %s alter column %I drop not null', c.t, c.attname);
    end loop;
    for c in select tgrelid::regclass as t, tgname from pg_trigger where not tgisinternal loop
      execute format('alter table %s disable trigger %I', c.t, c.tgname);
    end loop;
  end $$`);
  const { rows: primary } = await client.query<{ table: string; columns: string[] }>(
    `select i.indrelid::regclass::text as table, array_agg(a.attname::text) as columns
     from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
     where i.indisprimary and i.indrelid::regclass::text = any($1) group by 1`,
    [[...tables.keys()]],
  );
  const keys = new Map(primary.map(({ table, columns }) => [table, columns]));
  return {
    client,
    tables,
    end: () => client.end(),
    async alter(table, column, where) {
      const other = OTHER[tables.get(table)?.get(column) ?? ''];
      if (!other) throw new Error(`no other value for ${table}.${column}`);
      const { rows: before } = await client.query(`select ${column} as value from ${table} where ${where}`);
      if (before.length !== 1) throw new Error(`${before.length} rows of ${table} where ${where}`);
      const id = keys.get(table)!;
      const { rows: after } = await client.query(
        `update ${table} set ${column} = ${other(column)} where ${where} returning ${id.join(', ')}`,
      );
      return async () => {
        const same = id.map((name, i) => `${name} = $${i + 2}`).join(' and ');
        const { rowCount } = await client.query(`update ${table} set ${column} = $1 where ${same}`, [
          before[0].value,
          ...id.map((name) => after[0][name]),
        ]);
        if (rowCount !== 1) throw new Error(`${table}.${column} was not restored`);
      };
    },
  };
}
