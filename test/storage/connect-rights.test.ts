import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRights } from '../../storage/db/connect-rights.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

/** A login of the server that has no right in any database of the product. */
let login: string;
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase();
  login = `stranger_${randomBytes(4).toString('hex')}`;
  await db.asOwner(`create role ${login} login password 'only-here'`);
});
afterAll(async () => {
  await db.asOwner(`drop role ${login}`);
  await db.drop();
});

const connected = async (url: string) => {
  const theirs = Object.assign(new URL(url), { username: login, password: 'only-here' });
  const client = new pg.Client({ connectionString: theirs.href });
  return client
    .connect()
    .then(
      () => 'connected',
      (error: Error) => error.message,
    )
    .finally(() => client.end().catch(() => {}));
};

test('after migrate, a login without rights cannot connect to a database of our own; the application can', async () => {
  expect(await connected(db.owner_url)).toMatch(/^permission denied for database/);
  expect((await db.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  expect(await connectRights(db.pool)).toMatchObject({ public: false, others: [] });
});

test('a grant by name stays, and is shown', async () => {
  const name = new URL(db.owner_url).pathname.slice(1);
  await db.asOwner(`grant connect on database ${name} to ${login}`);
  expect((await migrate(db.owner_url)).connect_revoked).toBe(false);
  expect(await connected(db.owner_url)).toBe('connected');
  expect(await connectRights(db.pool)).toMatchObject({ public: false, others: [login] });
  await db.asOwner(`revoke connect on database ${name} from ${login}`);
  expect(await connected(db.owner_url)).toMatch(/^permission denied for database/);
});

test.each([
  ['a table of others', 'create table theirs (a int)'],
  ['a schema of others', 'create schema theirs; create view theirs.ledger as select 1 as a'],
])('a database with %s is left as it is, and the statements to change it are shown', async (_what, sql) => {
  const shared = await createDatabase({ migrated: false });
  try {
    await shared.asOwner(sql);
    expect((await migrate(shared.owner_url)).connect_revoked).toBe(false);
    expect(await connected(shared.owner_url)).toBe('connected');
    const { public: isPublic, others, fix } = await connectRights(shared.pool);
    expect({ isPublic, others }).toEqual({ isPublic: true, others: expect.arrayContaining([login]) });
    await shared.asOwner(fix);
    expect(await connected(shared.owner_url)).toMatch(/^permission denied for database/);
  } finally {
    await shared.drop();
  }
});

test('a database that another login owns is left as it is', async () => {
  const theirs = await createDatabase({ migrated: false });
  try {
    await theirs.asOwner(`alter database ${new URL(theirs.owner_url).pathname.slice(1)} owner to ${login}`);
    expect((await migrate(theirs.owner_url)).connect_revoked).toBe(false);
    expect((await connectRights(theirs.pool)).public).toBe(true);
  } finally {
    await theirs.drop();
  }
});
