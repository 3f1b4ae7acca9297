import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate, migrations } from '../../storage/db/migrate.ts';
import { createDatabase } from '../helpers/database.ts';

const run = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client.query(sql).finally(() => client.end());
};

test('processes that start together migrate once', async () => {
  const db = await createDatabase({ migrated: false });
  try {
    const runs = await Promise.all(Array.from({ length: 20 }, () => migrate(db.owner_url)));
    expect(runs.map(({ applied }) => applied).filter(({ length }) => length > 0)).toEqual([
      (await migrations()).map(({ name }) => name),
    ]);
  } finally {
    await db.drop();
  }
});

test('a database of a newer release, or with an edited migration, is refused', async () => {
  const db = await createDatabase();
  try {
    await run(
      db.owner_url,
      "insert into schema_migrations (version, name, checksum) values (9999, '9999_later.sql', 'x')",
    );
    await expect(migrate(db.owner_url)).rejects.toThrow(/newer release \(9999_later.sql\)/);
    await run(
      db.owner_url,
      "delete from schema_migrations where version = 9999; update schema_migrations set checksum = 'other' where version = 1",
    );
    await expect(migrate(db.owner_url)).rejects.toThrow(/another text/);
  } finally {
    await db.drop();
  }
});
