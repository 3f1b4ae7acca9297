import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRANTED } from '../../storage/grants.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

let db: TestDatabase;
let owner: pg.Client;
/** The login of api and worker, in a transaction that sees every project: what stops it is the grant alone. */
let app: pg.Client;
const columns = new Map<string, string[]>();
beforeAll(async () => {
  db = await createDatabase();
  owner = new pg.Client({ connectionString: db.owner_url });
  app = new pg.Client({ connectionString: db.app_url });
  await Promise.all([owner.connect(), app.connect()]);
  await app.query("set app.project_id = '*'");
  const { rows } = await owner.query<{ table: string; column: string }>(
    `select c.table_name as table, c.column_name as column from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by 1, c.ordinal_position`,
  );
  for (const { table, column } of rows) columns.set(table, [...(columns.get(table) ?? []), column]);
});
afterAll(async () => {
  await Promise.all([owner.end(), app.end()]);
  await db.drop();
});

test('the list names every table of the database', () => {
  expect(Object.keys(GRANTED).sort()).toEqual([...columns.keys()].sort());
});

test('the application has the listed rights, and no others', async () => {
  const { rows: onTables } = await owner.query<{ table: string; right: string }>(
    `select table_name as table, privilege_type as right from information_schema.table_privileges
     where table_schema = 'public' and grantee = 'letsping_app' order by 1, 2`,
  );
  const { rows: onColumns } = await owner.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.column_privileges
     where table_schema = 'public' and grantee = 'letsping_app' and privilege_type = 'UPDATE' order by 1, 2`,
  );
  const { rows: others } = await owner.query(
    `select grantee, table_name from information_schema.table_privileges
     where table_schema = 'public' and grantee not in ('letsping_app', current_user)`,
  );
  const byTable = (rows: { table: string; column: string }[]) =>
    Object.fromEntries(
      [...columns.keys()].map((name) => [name, rows.filter((r) => r.table === name).map((r) => r.column)]),
    );

  expect(others).toEqual([]);
  expect(onTables.map(({ table, right }) => `${right.toLowerCase()} ${table}`).sort()).toEqual(
    Object.entries(GRANTED)
      .flatMap(([name, granted]) => [
        `select ${name}`,
        ...(granted.insert ? [`insert ${name}`] : []),
        ...(granted.delete ? [`delete ${name}`] : []),
      ])
      .sort(),
  );
  expect(byTable(onColumns)).toEqual(
    Object.fromEntries(Object.entries(GRANTED).map(([name, { update }]) => [name, [...update].sort()])),
  );
});

describe("the application's login", () => {
  const denied = { message: expect.stringMatching(/permission denied for table/) };
  test.each(Object.entries(GRANTED))('writes to %s only what is granted', async (name, granted) => {
    for (const column of columns.get(name) ?? []) {
      const update = app.query(`update ${name} set ${column} = ${column}`);
      if (granted.update.includes(column)) await expect(update).resolves.toBeDefined();
      else await expect(update, `${name}.${column}`).rejects.toMatchObject(denied);
    }
    const removal = app.query(`delete from ${name}`);
    if (granted.delete) await expect(removal).resolves.toBeDefined();
    else await expect(removal).rejects.toMatchObject(denied);
    for (const statement of [
      `truncate ${name}`,
      `alter table ${name} disable trigger all`,
      `alter table ${name} no force row level security`,
      `drop table ${name}`,
    ])
      await expect(app.query(statement), statement).rejects.toThrow(/permission denied|must be owner/);
    if (!granted.insert)
      await expect(app.query(`insert into ${name} select * from ${name}`)).rejects.toMatchObject(denied);
  });

  test('makes no table, function or role', async () => {
    for (const statement of [
      'create table public.mine (a int)',
      'create function public.mine() returns int language sql as $$ select 1 $$',
      'create role mine',
      'create or replace function visible(project_id text) returns boolean language sql stable return true',
    ])
      await expect(app.query(statement), statement).rejects.toThrow(/permission denied|must be owner/);
  });
});
