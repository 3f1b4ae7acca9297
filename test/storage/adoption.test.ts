import { createHash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseRootKey } from '../../crypto/root-key.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { ensureAppLogin } from '../../storage/db/app-login.ts';
import { MigrationRefused, migrate, migrations } from '../../storage/db/migrate.ts';
import { createPool } from '../../storage/db/pool.ts';
import { createThreadStore } from '../../storage/threads/thread-store.ts';
import { type FormerDatabase, formerDatabase } from '../helpers/former-database.ts';

const newRoot = () => parseRootKey(randomBytes(32).toString('base64'));
const root = newRoot();

let db: FormerDatabase;
beforeEach(async () => {
  db = await formerDatabase(root);
});
afterEach(() => db.drop());

/** The stores of an api that starts after the migration, with the application's login. */
async function withStores<T>(work: (stores: ReturnType<typeof apiStores>, pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(await ensureAppLogin(db.owner_url));
  try {
    return await work(apiStores(pool, db.keyring), pool);
  } finally {
    await pool.end();
  }
}

const versions = () => db.sql('select version from schema_migrations order by version');

test('rows of the release before are adopted once, and read afterwards; a row that is stripped later is refused', async () => {
  const open = await db.request({ payload: { amount: 5 } });
  const decided = await db.request({ payload: { amount: 6 } });
  const decision = await db.decision(open);
  await db.close(decided, { decision_id: await db.decision(decided) });

  const { applied, adopted } = await migrate(db.owner_url, { root });
  expect(applied).toEqual((await migrations()).flatMap(({ version, name }) => (version >= 7 ? [name] : [])));
  expect(adopted).toMatchObject([
    {
      project_id: db.project_id,
      name: 'acme',
      open_requests: { count: 1, rows: [{ id: open.id, service: 's', action: 'a', requested_by: 'o' }] },
      decisions: { count: 1, rows: [{ id: decision, request_id: open.id, type: 'approve', actor: 'cfo' }] },
      closed_requests: 1,
      refused: { count: 0 },
    },
  ]);
  await withStores(async ({ requests }) => {
    expect((await requests.view(db.project_id, open.id))?.request).toMatchObject({ payload: { amount: 5 } });
    expect((await requests.view(db.project_id, decided.id))?.resolution?.outcome.status).toBe('approved');
    expect((await requests.history(db.project_id, open.id))?.decisions).toMatchObject([{ id: decision }]);
    expect((await requests.list(db.project_id, { limit: 10 })).items).toHaveLength(2);
  });

  await db.sql('update decisions set mac = null where id = $1', [decision]);
  expect((await migrate(db.owner_url, { root })).adopted).toEqual([]);
  await withStores(async ({ requests }) => {
    await expect(requests.history(db.project_id, open.id)).rejects.toThrow(RowForged);
  });
});

test('keys, policies, links, pauses, executions and repeatable calls count after the adoption; sessions and links end', async () => {
  const [agent, gone] = [await db.key('billing-bot', 'agent'), await db.key('eve', 'approver', true)];
  await db.policy(1);
  await db.policy(2, { accept_unsigned_signals: true });
  const [first, second, ran] = [
    await db.request({ thread_id: 't' }),
    await db.request({ thread_id: 't' }),
    await db.request(),
  ];
  await db.close(ran);
  await db.sql(
    `insert into thread_interrupts (project_id, thread_id, interrupt_id, position, graph, request_id) values ($1, 't', 'i', 0, 'g', $2), ($1, 't', 'i', 1, 'g', $3)`,
    [db.project_id, first.id, second.id],
  );
  // Not opened for a thread: somebody else made this link.
  await db.sql(
    `insert into thread_interrupts (project_id, thread_id, interrupt_id, position, graph, request_id) values ($1, 't', 'j', 0, 'g', $2)`,
    [db.project_id, ran.id],
  );
  await db.sql(
    `insert into thread_pauses (project_id, thread_id, pause_key, request_id, held) values ($1, 't', '|0', $2, true), ($1, 'u', '|0', $3, true)`,
    [db.project_id, first.id, second.id],
  );
  await db.sql('insert into executions (request_id, project_id, payload_digest, reported_by) values ($1, $2, $3, $4)', [
    ran.id,
    db.project_id,
    ran.payload_digest,
    'billing-bot',
  ]);
  await db.sql(
    `insert into login_links (token_sha256, project_id, owner, role, expires_at) values ('\\x01', $1, 'ana', 'admin', now() + interval '1 hour')`,
    [db.project_id],
  );
  await db.repeatable(agent.id, 'done', 'req_1', { id: 'req_1' });
  await db.repeatable(agent.id, 'died', 'req_2');

  const { adopted } = await migrate(db.owner_url, { root });
  expect(adopted[0]).toMatchObject({
    keys: {
      count: 2,
      rows: expect.arrayContaining([
        { id: agent.id, owner: 'billing-bot', role: 'agent', revoked: false },
        { id: gone.id, owner: 'eve', role: 'approver', revoked: true },
      ]),
    },
    policies: { count: 2, rows: [{ version: 1 }, { version: 2, created_by: 'ana' }] },
    thread_links: 2,
    pauses: 2,
    executions: 1,
    signed_out: 1,
    refused: { rows: [{ request_id: ran.id, why: expect.stringContaining('link') }] },
  });
  await withStores(async ({ identities, keys, policies, requests, idempotency }, pool) => {
    expect(await identities.key(agent.id)).toMatchObject({
      owner: 'billing-bot',
      context_trust: 'tighten_only',
      expires_at: null,
    });
    expect(await identities.key(gone.id)).toBeUndefined();
    expect((await keys.listKeys(db.project_id)).map(({ authentic }) => authentic)).toEqual([true, true]);
    expect(await policies.policy(db.project_id)).toMatchObject({ version: 2 });
    expect((await requests.view(db.project_id, ran.id))?.permit).toMatchObject({
      state: 'done',
      claimed_by: 'billing-bot',
    });
    const threads = createThreadStore({ pool, keyring: db.keyring, project_id: db.project_id });
    expect(await threads.linkedInterrupts('t', ['i'])).toEqual(['i']);
    await expect(threads.linkedInterrupts('t', ['j'])).rejects.toThrow(RowForged);
    expect(await threads.readPause('t', '|0')).toEqual({ request_id: first.id, held: true });
    expect(await threads.readPause('u', '|0')).toEqual({ request_id: second.id, held: true });
    const scope = (key: string) => ({
      key_id: agent.id,
      route: 'keys',
      key,
      body_sha256: createHash('sha256').update('body').digest(),
    });
    expect(await idempotency.lock(db.project_id, scope('done'), 'req_9')).toEqual({
      state: 'done',
      status: 201,
      answer: { id: 'req_1' },
    });
    expect(await idempotency.lock(db.project_id, scope('died'), 'req_9')).toEqual({
      state: 'first',
      reference: 'req_2',
    });
  });
  expect(await db.sql('select 1 from login_links')).toEqual([]);

  await db.sql(
    `insert into api_keys (id, project_id, name, owner, role, secret_sha256, created_at) select 'key_00000000000000000000000000', project_id, name, 'cfo', 'approver', secret_sha256, now() from api_keys limit 1`,
  );
  expect(await migrate(db.owner_url, { root })).toMatchObject({ applied: [], adopted: [] });
  await withStores(async ({ identities }) => {
    expect(await identities.key('key_00000000000000000000000000')).toBeUndefined();
  });
});

test('the chain of administrative acts begins with the adoption, which the anchor does not repeat', async () => {
  await db.key('billing-bot', 'agent');
  await db.request();
  await migrate(db.owner_url, { root });
  expect(await db.sql('select number, kind, actor, details from admin_acts')).toEqual([
    { number: 1, kind: 'rows_adopted', actor: null, details: expect.objectContaining({ keys: 1, open_requests: 1 }) },
  ]);
  const copy = await formerDatabase(root);
  try {
    const head = { epoch: 1, number: 3, mac: 'x', recent: [] };
    const anchored = new Map([[copy.project_id, head]]);
    await expect(migrate(copy.owner_url, { root, anchored })).rejects.toThrow(/adopted before: LETSPING_ANCHOR_FILE/);
    expect((await migrate(copy.owner_url, { root, anchored: new Map([['prj_other', head]]) })).adopted).toHaveLength(1);
  } finally {
    await copy.drop();
  }
});

test('a patch keeps its screening, and a former seal is not accepted after the adoption', async () => {
  const request = await db.request();
  const patched_digest = `sha256:${'b'.repeat(64)}`;
  const patch = await db.decision(request, { type: 'patch', patched_digest, screening: 'second_approver' });
  await migrate(db.owner_url, { root });
  await withStores(async ({ requests }) => {
    const history = await requests.history(db.project_id, request.id);
    expect(history?.decisions).toMatchObject([{ id: patch, screening: 'second_approver' }]);
  });
  const sealer = await db.keyring.sealer(db.project_id);
  await db.sql('update approval_requests set sealed = $2 where id = $1', [
    request.id,
    await sealer.seal(['request', request.id], { payload: {}, salt: 'x', metadata: {}, context: {}, findings: [] }),
  ]);
  await withStores(async ({ requests }) => {
    await expect(requests.view(db.project_id, request.id)).rejects.toThrow(RowForged);
  });
});

test('what a row does not prove is not vouched for: a foreign receipt, another action than the digest, a broken seal', async () => {
  const [honest, forged, renamed, broken] = await Promise.all([1, 2, 3, 4].map(() => db.request()));
  await db.close(forged!);
  await db.sql('alter table ledger disable trigger ledger_is_append_only');
  await db.sql(`update ledger set actor = 'ceo' where request_id = $1`, [forged!.id]);
  await db.sql(`update approval_requests set action = 'read_report' where id = $1`, [renamed!.id]);
  await db.sql(`update approval_requests set sealed = '\\x03' where id = $1`, [broken!.id]);

  const { adopted } = await migrate(db.owner_url, { root });
  expect(adopted[0]?.open_requests.rows.map(({ id }) => id)).toEqual([honest!.id]);
  expect(adopted[0]?.closed_requests).toBe(0);
  const why = new Map(adopted[0]?.refused.rows.map((row) => [row.request_id, row.why]));
  expect([why.get(forged!.id), why.get(renamed!.id), why.get(broken!.id), why.size]).toEqual([
    'the receipt of its outcome does not verify, or says something else',
    'its digest is not that of its service, action and payload',
    'it cannot be unsealed',
    3,
  ]);
  await withStores(async ({ requests }) => {
    for (const { id } of [forged!, renamed!, broken!])
      await expect(requests.view(db.project_id, id)).rejects.toThrow(RowForged);
  });
});

test('without the root key, or with another one, nothing is written', async () => {
  await db.request();
  const before = await versions();
  await expect(migrate(db.owner_url)).rejects.toThrow(/needs the root key.*LETSPING_ROOT_KEY.*Nothing was written/);
  await expect(migrate(db.owner_url, { root: newRoot() })).rejects.toThrow(/cannot be adopted.*LETSPING_ROOT_KEY/);
  expect(await versions()).toEqual(before);
  expect((await migrate(db.owner_url, { root })).adopted).toHaveLength(1);
});

test("the application cannot take the migration's row away, and a database that was adopted before is not adopted again", async () => {
  const request = await db.request();
  await migrate(db.owner_url, { root });
  const pool = createPool(await ensureAppLogin(db.owner_url));
  for (const statement of [
    'delete from schema_migrations where version = 7',
    `update schema_migrations set version = 8 where version = 7`,
    `insert into schema_migrations values (9, 'x', 'x')`,
  ])
    await expect(pool.query(statement)).rejects.toThrow(/permission denied/);
  await pool.end();

  // Somebody who edits a dump: the columns and the migration's row are gone, and the requests are sealed as this release seals.
  const copy = await formerDatabase(root);
  try {
    const [row] = await db.sql('select * from approval_requests where id = $1', [request.id]);
    const { payload_removed_at: _at, payload_removed_mac: _mac, ...sealed } = row!; // the former table lacks them
    const [project] = await db.sql('select * from projects');
    const insert = async (table: string, row: Record<string, unknown>) => {
      const names = Object.keys(row);
      await copy.sql(
        `with everywhere as (select set_config('app.project_id', '*', false))
         insert into ${table} (${names.join(', ')}) select ${names.map((_, i) => `$${i + 1}`).join(', ')} from everywhere`,
        Object.values(row),
      );
    };
    await insert('projects', project!);
    await insert('approval_requests', sealed);
    await expect(migrate(copy.owner_url, { root })).rejects.toThrow(MigrationRefused);
    await expect(migrate(copy.owner_url, { root })).rejects.toThrow(/were adopted before/);
  } finally {
    await copy.drop();
  }
});

test('an adoption that is interrupted is as if it had not begun', async () => {
  for (let i = 0; i < 120; i++) await db.request();
  await db.sql(`create function stop() returns trigger language plpgsql as $$ begin raise exception 'stopped'; end $$`);
  const [{ id: last } = {}] = await db.sql('select max(id) as id from approval_requests');
  await db.sql(
    `create trigger stop before update on approval_requests for each row when (old.id = '${last}') execute function stop()`,
  );
  const before = await db.sql('select id, sealed from approval_requests order by id');
  await expect(migrate(db.owner_url, { root })).rejects.toThrow(/stopped/);
  expect(await db.sql('select id, sealed from approval_requests order by id')).toEqual(before);
  expect(await versions()).toHaveLength(6);
  await db.sql('drop trigger stop on approval_requests');
  expect((await migrate(db.owner_url, { root })).adopted[0]?.open_requests.count).toBe(120);
});
