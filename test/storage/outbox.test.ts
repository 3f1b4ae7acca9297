import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner } from '../../crypto/signing.ts';
import type { LedgerRecord, NewRequest } from '../../domain/approval/record.ts';
import { statementOf } from '../../domain/receipt/statement.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { settleOnce } from '../../storage/approvals/ledger.ts';
import { listenToDeliveries } from '../../storage/db/events.ts';
import { migrate, migrations } from '../../storage/db/migrate.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase } from '../helpers/database.ts';

const as = async (url: string, work: (client: pg.Client) => Promise<unknown>) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

test('the migration to receivers keeps every row, run by an owner that is no superuser, as deployments have it', async () => {
  const db = await createDatabase({ migrated: false });
  const owner = `owner_${randomBytes(6).toString('hex')}`;
  const url = new URL(db.owner_url);
  [url.username, url.password] = [owner, 'only-here'];
  const name = url.pathname.slice(1);
  await as(db.owner_url, async (client) => {
    await client.query(`create role ${owner} login createrole password 'only-here'`);
    await client.query(`alter database ${name} owner to ${owner}`);
  });
  const [project, linked, unlinked] = [newId('prj'), newId('req'), newId('req')];
  const root = parseRootKey(randomBytes(32).toString('base64'));
  const { root_key_id, wrapped_key } = createKeyring(root, storedKeys(db.pool)).wrapProjectKey(project);
  try {
    await as(url.href, async (client) => {
      await client.query(`create table schema_migrations (
        version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
      for (const { version, name, sql, checksum } of (await migrations()).filter(({ version }) => version < 6)) {
        await client.query('begin');
        await client.query(sql);
        await client.query('insert into schema_migrations values ($1, $2, $3)', [version, name, checksum]);
        await client.query('commit');
      }
      await client.query(`begin; set local app.project_id = '${project}'`);
      await client.query(`insert into projects values ($1, 'p', $2, $3)`, [project, root_key_id, wrapped_key]);
      for (const id of [linked, unlinked]) {
        await client.query(
          `insert into approval_requests values ($1, $2, 's', 'a', 'low', 'approved', 'allow', null, '{}', 'o', 'k', null, null, 'd', 's', 0, 'p', false, now(), now(), null, now())`,
          [id, project],
        );
        await client.query(
          `insert into deliveries (id, project_id, request_id, kind, started_at, delivered_at) values ($1, $2, $3, 'langgraph_resume', now(), now())`,
          [`dlv_${id}`, project, id],
        );
      }
      await client.query(`insert into thread_interrupts values ($1, 't', 'int_1', 0, 'g', $2)`, [project, linked]);
      await client.query('commit');
    });

    expect((await migrate(url.href, { root })).applied).toContain('0006_receivers.sql');

    await as(url.href, async (client) => {
      await client.query(`begin; set local app.project_id = '${project}'`);
      const { rows } = await client.query(
        'select id, request_id, kind, receiver, delivered_at from deliveries order by request_id',
      );
      const kept = (id: string, receiver: string) => ({
        id: `dlv_${id}`,
        request_id: id,
        kind: 'langgraph',
        receiver,
        delivered_at: expect.any(Date),
      });
      expect(rows).toEqual([kept(linked, 'int_1'), kept(unlinked, 'deleted thread')]);
    });
  } finally {
    await db.drop();
    url.pathname = '/postgres';
    [url.username, url.password] = [new URL(db.owner_url).username, new URL(db.owner_url).password];
    await as(url.href, (client) => client.query(`drop role ${owner}`));
  }
});

test('an outcome has one outbox row per receiver, whether a person or the firewall closes the request', async () => {
  const db = await createDatabase();
  const announced: string[] = [];
  const listening = listenToDeliveries(db.app_url, {
    onDelivery: ({ delivery_id }) => announced.push(delivery_id),
    onGap: () => {},
  });
  try {
    const project = newId('prj');
    const keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
    await inProject(db.pool, project, (tx) => insertProject(tx, project, keyring.wrapProjectKey(project)));
    const { opening } = apiStores(db.pool, keyring);
    // Today a thread names a request after it was opened, and once. Without these two rules, its interrupts stand for any receivers.
    await as(db.owner_url, async (client) => {
      await client.query('alter table thread_interrupts drop constraint thread_interrupts_request_id_fkey');
      await client.query('alter table thread_interrupts drop constraint thread_interrupts_request_id_key');
    });
    const register = (id: string) =>
      as(db.owner_url, (client) =>
        client.query(
          `insert into thread_interrupts values ($1, 't', $2 || '/1', 0, 'g', $2), ($1, 't', $2 || '/2', 0, 'g', $2)`,
          [project, id],
        ),
      );
    const now = async () => (await opening.screeningBasis(project)).now();
    const outcome = (request: NewRequest, at: Date): Omit<LedgerRecord, 'request_id'> => ({
      status: 'approved',
      cause: 'firewall',
      payload_digest: request.payload_digest,
      decision_id: null,
      actor: null,
      channel: 'firewall',
      verified: true,
      resolved_at: at,
      receipt: 'r',
    });
    const rows = (request_id: string) =>
      inProject(db.pool, project, (tx) =>
        tx.query<{ id: string; kind: string; receiver: string }>(
          'select id, kind, receiver from deliveries where request_id = $1 order by receiver',
          [request_id],
        ),
      );
    const expected = (id: string) =>
      ['1', '2'].map((n) => ({
        id: expect.stringMatching(/^dlv_[0-9a-f]{32}$/),
        kind: 'langgraph',
        receiver: `${id}/${n}`,
      }));

    const allowed = newRequest('allow');
    await register(allowed.id);
    const at = await now();
    const timed = { project_id: project, created_at: at, expires_at: at, status: 'approved', resolved_at: at } as const;
    const written = { request: { ...timed, ...allowed }, ledger: { request_id: allowed.id, ...outcome(allowed, at) } };
    expect(await opening.insert(project, allowed, at, written)).toMatchObject({ state: 'written' });
    const atOnce = await rows(allowed.id);
    expect(atOnce).toEqual(expected(allowed.id));
    await expect.poll(() => announced.toSorted()).toEqual(atOnce.map(({ id }) => id).sort());

    const held = newRequest('hold');
    await opening.insert(project, held, await now(), undefined);
    await register(held.id);
    const sealer = await keyring.sealer(project);
    const signer = await createSigner(await currentIssuerKey(db.pool, keyring));
    const settle = () =>
      inProject(db.pool, project, (tx) =>
        settleOnce(tx, sealer, held.id, async (entry) => {
          const row = outcome(held, entry.now);
          const receipt = await signer.sign(statementOf(entry.request, { request_id: held.id, ...row }));
          return {
            resolution: { status: 'approved', cause: 'firewall', payload_digest: held.payload_digest },
            delivery_ids: await entry.write({ ...row, receipt }),
          };
        }),
      );
    const first = await settle();
    const later = await rows(held.id);
    expect(later).toEqual(expected(held.id));
    expect(first?.delivery_ids.toSorted()).toEqual(later.map(({ id }) => id).sort());
    // A repeat finds the same rows, since no workflow has taken them.
    expect((await settle())?.delivery_ids.toSorted()).toEqual(first?.delivery_ids.toSorted());

    const alone = newRequest('allow');
    const then = await now();
    const none = {
      request: { ...timed, created_at: then, ...alone },
      ledger: { request_id: alone.id, ...outcome(alone, then) },
    };
    expect(await opening.insert(project, alone, then, none)).toMatchObject({ state: 'written' });
    expect(await rows(alone.id)).toEqual([]);
  } finally {
    await listening.stop();
    await db.drop();
  }
});

function newRequest(verdict: 'allow' | 'hold'): NewRequest {
  return {
    id: newId('req'),
    service: 's',
    action: 'a',
    priority: 'medium',
    payload: {},
    salt: 'c2FsdA',
    metadata: {},
    context: {},
    findings: [],
    finding_ids: [],
    verdict,
    held_by: verdict === 'hold' ? 'policy' : null,
    requested_by: 'o',
    key_id: 'key_x',
    thread_id: null,
    node: null,
    payload_digest: `sha256:${'a'.repeat(64)}`,
    policy_version: 0,
    policy_digest: 'none',
    accept_unsigned_signals: false,
    expires_in_ms: 60_000,
  };
}
