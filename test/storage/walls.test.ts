import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { insertRequest } from '../../storage/approvals/insert-request.ts';
import { acrossProjects, alone, ENTER_PROJECT, inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

let db: TestDatabase;
const [mine, theirs] = [newId('prj'), newId('prj')];

beforeAll(async () => {
  db = await createDatabase();
  const keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  for (const project of [mine, theirs]) {
    await inProject(db.pool, project, (tx) => insertProject(tx, project, keyring.wrapProjectKey(project)));
    const sealer = await keyring.sealer(project);
    await inProject(db.pool, project, (tx) => insertRequest(tx, sealer, newRequest(), new Date()));
  }
});
afterAll(() => db.drop());

describe('projects are separated by the database, below the statements', () => {
  test('a query without a where clause sees one project', async () => {
    const seen = await inProject(db.pool, mine, (tx) =>
      tx.query<{ project_id: string }>('select project_id from approval_requests'),
    );
    expect(seen).toEqual([{ project_id: mine }]);
    expect(await acrossProjects(db.pool, (tx) => tx.query('select 1 from approval_requests'))).toHaveLength(2);
  });

  test('a statement that enters its project sees that one, and does not change the connection', async () => {
    const one = new pg.Pool({ ...db.pool.options, max: 1 });
    try {
      const text = `with ${ENTER_PROJECT} select r.project_id from project, approval_requests r where $1::int = 1 and project.id is not null`;
      expect((await alone(one, text, [1, mine])).rows).toEqual([{ project_id: mine }]);
      expect((await alone(one, text, [1, theirs])).rows).toEqual([{ project_id: theirs }]);
      expect((await one.query('select 1 from approval_requests')).rows).toEqual([]);
    } finally {
      await one.end();
    }
  });

  test('outside the transaction of a project nothing is visible, and nothing of another project can be written', async () => {
    expect((await db.pool.query('select 1 from approval_requests')).rows).toEqual([]);
    await expect(
      inProject(db.pool, mine, (tx) =>
        tx.query(
          `insert into policies (project_id, version, digest, document, created_by) values ('${theirs}', 1, 'd', '{}', 'x')`,
        ),
      ),
    ).rejects.toThrow(/row-level security/);
    expect(
      await inProject(db.pool, mine, (tx) =>
        tx.query(`update approval_requests set workflow_started_at = now() where project_id = '${theirs}' returning 1`),
      ),
    ).toEqual([]);
  });

  test('every table with a project has forced row-level security, and the login of the application owns none', async () => {
    const owner = new pg.Client({ connectionString: db.owner_url });
    await owner.connect();
    const { rows } = await owner.query(`
      select c.relname as table, c.relrowsecurity as enabled, c.relforcerowsecurity as forced, pg_get_userbyid(c.relowner) as owner
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id' where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`);
    const login = new URL(db.app_url).username;
    const { rows: roles } = await owner.query('select rolsuper, rolbypassrls from pg_roles where rolname = $1', [
      login,
    ]);
    await owner.end();
    expect(rows.length).toBeGreaterThanOrEqual(12);
    for (const row of rows) expect(row).toMatchObject({ enabled: true, forced: true });
    expect(rows.map(({ owner: name }) => name)).not.toContain(login);
    expect(roles).toEqual([{ rolsuper: false, rolbypassrls: false }]);
  });

  test('the ledger and the policies are append-only for the application', async () => {
    for (const table of ['ledger', 'policies']) {
      await expect(inProject(db.pool, mine, (tx) => tx.query(`delete from ${table}`))).rejects.toThrow(
        /permission denied/,
      );
      await expect(
        inProject(db.pool, mine, (tx) => tx.query(`update ${table} set project_id = project_id`)),
      ).rejects.toThrow(/permission denied/);
    }
  });
});
