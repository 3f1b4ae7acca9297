import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LetsPingCheckpointer } from '../../../integrations/langgraph/index.ts';
import { createGround, type Ground } from './fixtures.ts';

/** The attacker reads and writes the database and does not have the root key. */
let ground: Ground;
let owner: pg.Client;
beforeAll(async () => {
  ground = await createGround();
  owner = new pg.Client({ connectionString: ground.database.owner_url });
  await owner.connect();
  await owner.query("set app.project_id = '*'");
});
afterAll(async () => {
  await owner.end();
  await ground.database.drop();
});

async function setUp(canary = 'CANARY') {
  const { project_id, store } = await ground.project();
  const s = new LetsPingCheckpointer({ store });
  const config = { configurable: { thread_id: crypto.randomUUID(), checkpoint_ns: '' } };
  let at: { configurable?: Record<string, unknown> } = config;
  for (let n = 1; n <= 2; n++) {
    const version = `00000000000${n}.x` as unknown as number;
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(n),
      channel_values: { a: `${canary} `.repeat(n === 1 ? 1 : 200) },
      channel_versions: { a: version },
    };
    at = await s.put(at, checkpoint, { source: 'loop', step: n, parents: {}, note: canary } as never, { a: version });
  }
  await s.putWrites(
    at,
    [
      ['a', canary],
      ['__interrupt__', [{ id: 'i', value: canary }]],
    ],
    'task',
    '~path',
  );
  return { project_id, s, thread_id: config.configurable.thread_id, read: () => s.getTuple(config) };
}
/** Edits rows of one thread, without row-level security. */
const tamper = (table: string, set: string, thread_id: string, where = 'true') =>
  owner.query(`update ${table} set ${set} where thread_id = $1 and ${where}`, [thread_id]);

describe('a row is refused', () => {
  const newest = "channel_versions::text like '%2.x%'";
  test.each<[string, string, string, string?]>([
    [
      'with another byte',
      'checkpoint_values',
      'sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)',
    ],
    ['with another codec', 'checkpoint_values', 'sealed = set_byte(sealed, 1, get_byte(sealed, 1) # 1)'],
    ['with another version of the envelope', 'checkpoint_writes', 'sealed = set_byte(sealed, 0, 2)'],
    ['in plain text', 'checkpoint_writes', `sealed = '"forged"'`],
    ['with another parent', 'checkpoints', "parent_id = 'x'", newest],
    ['with another step', 'checkpoints', 'step = 7', newest],
    ['with another source', 'checkpoints', "source = 'update'", newest],
    ['of another format', 'checkpoints', 'v = 3', newest],
    [
      'with the versions in another order or spacing',
      'checkpoints',
      `channel_versions = '{ "a": "000000000002.x"}'`,
      newest,
    ],
    ['of another task', 'checkpoint_writes', "task_id = 'other'"],
    ['on another path', 'checkpoint_writes', "task_path = '~other'"],
    ['of another channel', 'checkpoint_writes', "channel = 'b'", 'idx = 0'],
    ['at another index', 'checkpoint_writes', 'idx = 5', 'idx = 0'],
    [
      'under the key of another thread',
      'threads',
      'wrapped_key = (select wrapped_key from threads o where o.thread_id <> threads.thread_id limit 1)',
    ],
  ])('%s', async (_, table, set, where) => {
    const t = await setUp();
    await t.read();
    const other = await setUp();
    await tamper(table, set, t.thread_id, where);

    await expect(t.read()).rejects.toMatchObject({ name: 'SealBroken' });
    await expect(other.read()).resolves.toBeDefined();
  });

  test('that was moved to another version of its channel', async () => {
    const t = await setUp();
    await tamper(
      'checkpoint_values',
      `sealed = (select sealed from checkpoint_values o where o.thread_id = checkpoint_values.thread_id and o.version like '%1.x')`,
      t.thread_id,
    );
    await expect(t.read()).rejects.toMatchObject({ name: 'SealBroken' });
  });

  test('that was moved to another thread of the project, with its key', async () => {
    const t = await setUp();
    for (const table of ['threads', 'checkpoints', 'checkpoint_values', 'checkpoint_writes']) {
      await owner.query(
        `update ${table} set thread_id = 'moved' ${table === 'threads' ? ", thread_key = 'moved'" : ''} where thread_id = $1`,
        [t.thread_id],
      );
    }
    await expect(t.s.getTuple({ configurable: { thread_id: 'moved' } })).rejects.toMatchObject({ name: 'SealBroken' });
  });

  test('that was moved to another project', async () => {
    const t = await setUp();
    const other = await ground.project();
    for (const table of ['threads', 'checkpoints', 'checkpoint_values', 'checkpoint_writes']) {
      await owner.query(`update ${table} set project_id = $2 where thread_id = $1`, [t.thread_id, other.project_id]);
    }
    await expect(
      new LetsPingCheckpointer({ store: other.store }).getTuple({ configurable: { thread_id: t.thread_id } }),
    ).rejects.toMatchObject({ name: 'SealBroken' });
  });
});

test('no part of a state is stored unencrypted', async () => {
  const canary = 'XYZZYPLUGH';
  await setUp(canary);
  const { rows: tables } = await owner.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  expect(tables.length).toBeGreaterThan(10);
  for (const { name } of tables) {
    const { rows } = await owner.query(`select 1 from ${name} t where t::text ilike $1 or t::text ilike $2`, [
      `%${canary}%`,
      `%${Buffer.from(canary).toString('hex')}%`,
    ]);
    expect([name, rows.length]).toEqual([name, 0]);
  }
});

test("a project's threads are invisible to another project, and to a transaction without a project", async () => {
  const t = await setUp();
  const other = new LetsPingCheckpointer({ store: (await ground.project()).store });

  expect(await other.getTuple({ configurable: { thread_id: t.thread_id } })).toBeUndefined();
  for (const table of ['threads', 'checkpoints', 'checkpoint_values', 'checkpoint_writes', 'thread_pauses']) {
    expect((await ground.database.pool.query(`select 1 from ${table}`)).rowCount).toBe(0);
  }
});
