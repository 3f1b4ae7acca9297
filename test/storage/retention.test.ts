import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApplyRetention } from '../../activities/watch/apply-retention.ts';
import { screenStats } from '../../api/operations/earlier-calls.ts';
import { threadContext } from '../../api/operations/thread-labels.ts';
import { detailOf } from '../../api/operations/views.ts';
import { Policy } from '../../contracts/policy.ts';
import { createSigner, type Signer } from '../../crypto/signing.ts';
import { TERMINAL } from '../../domain/acts/act.ts';
import type { IncidentKind } from '../../domain/approval/incident.ts';
import { statusAnswer } from '../../domain/approval/status-answer.ts';
import { verifyReceipt } from '../../receipts/index.ts';
import { idempotencyStore } from '../../storage/access/access-stores.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { createActLog } from '../../storage/acts/act-log.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey, publishedKeys } from '../../storage/keys/issuer-keys.ts';
import { type RetentionDays, setRetention } from '../../storage/retention/retention-days.ts';
import { DAY_MS, earlierRequests } from '../helpers/earlier-requests.ts';
import { createGround, type Ground } from '../integrations/langgraph/fixtures.ts';

let ground: Ground;
let signer: Signer;
beforeAll(async () => {
  ground = await createGround();
  signer = await createSigner(await currentIssuerKey(ground.database.pool, ground.keyring));
});
afterAll(() => ground?.database.drop());

/** A project, with requests that ended some days ago. */
async function world() {
  const { project_id } = await ground.project();
  const { database, keyring } = ground;
  const { pool } = database;
  const sealer = await keyring.sealer(project_id);
  const acts = createActLog({ pool, keyring });
  const stores = apiStores(pool, keyring);
  const { retention: store, incidents } = activityStores(pool, keyring);
  const alarms: { request_id: string | null; kind: IncidentKind }[] = [];
  const onIncident = ({ request_id }: { request_id: string | null }, kind: IncidentKind) =>
    void alarms.push({ request_id, kind });

  const { closed, opened } = earlierRequests(pool, sealer, signer);
  return {
    ...{ project_id, pool, stores, store, acts, alarms, closed, opened },
    keep: (days: RetentionDays) => setRetention(acts, project_id, days, TERMINAL),
    pass: () => createApplyRetention({ store, incidents, onIncident, batch: 2 })(),
    view: async (id: string) => (await stores.requests.view(project_id, id))!,
    detail: async (id: string) => detailOf((await stores.requests.history(project_id, id))!),
    /** Which of these still have a payload. */
    async kept(ids: readonly string[]) {
      const { rows } = await database.asOwner(
        'select id from approval_requests where id = any($1) and payload_removed_at is null and length(sealed) > 65 order by id',
        [ids],
      );
      return rows.map(({ id }) => id as string);
    },
  };
}

describe('after the retention time', () => {
  test('the payload of a closed request is removed; younger, pending and other requests keep theirs', async () => {
    const [t, other] = [await world(), await world()];
    const old = await t.closed(31);
    const young = await t.closed(29);
    const pending = (await t.opened(new Date(Date.now() - 60 * DAY_MS))).id;
    const elsewhere = await other.closed(31);
    await t.pass();
    expect(await t.kept([old])).toEqual([old]);

    await t.keep(30);
    await t.pass();
    expect(await t.kept([old, young, pending, elsewhere])).toEqual([young, pending, elsewhere].sort());
    expect(t.alarms).toEqual([]);
  });

  test('its terms, its outcome and its receipt remain, and the api says that the payload was removed', async () => {
    const t = await world();
    const id = await t.closed(31, { finding_ids: ['money/limit'] }, { amount: 7 });
    const before = await t.detail(id);
    expect(before).toMatchObject({ payload: { secret: 'x' }, payload_removed_at: null });
    expect(before.decision).toMatchObject({ reason: 'because of ana', patched_payload: { amount: 7 } });

    await t.keep(30);
    await t.pass();
    const after = await t.detail(id);
    expect(after).toMatchObject({
      status: 'approved',
      payload: {},
      digest_salt: '',
      payload_digest: before.payload_digest,
      payload_removed_at: expect.stringMatching(/Z$/),
      outcome: { status: 'approved', modified: true },
    });
    expect(after.decision).not.toHaveProperty('reason');
    expect(after.decision).not.toHaveProperty('patched_payload');
    expect(after.timeline.at(-1)).toMatchObject({ event: 'payload_removed' });
    expect(after.timeline[1]).toMatchObject({ event: 'screened', detail: 'The firewall found money/limit.' });

    const { receipt } = await t.view(id);
    const { keys } = { keys: await publishedKeys(t.pool, ground.keyring) };
    expect(await verifyReceipt(receipt!, keys)).toMatchObject({ valid: true });
    const { items, refused } = await t.stores.requests.list(t.project_id, { limit: 10 });
    expect([items.map((item) => item.id), refused]).toEqual([[id], []]);
    // A published client would run the original payload, of which nobody approved.
    const view = await t.view(id);
    expect(() => statusAnswer(view)).toThrow(expect.objectContaining({ code: 'payload_removed' }));
    expect(t.alarms).toEqual([]);
    const { rows } = await ground.database.asOwner(
      'select count(*)::int as n from decisions where request_id = $1 and (sealed is not null or sealed_screening is not null)',
      [id],
    );
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('a list goes on past what was removed, by status too', async () => {
    const t = await world();
    const ids = [await t.closed(33), await t.closed(32), await t.closed(2), await t.closed(1)].reverse();
    await t.keep(30);
    await t.pass();
    for (const status of [undefined, 'approved'] as const) {
      const first = await t.stores.requests.list(t.project_id, { limit: 3, status });
      const after = { created_at: first.next!.created_at.toISOString(), id: first.next!.id };
      const second = await t.stores.requests.list(t.project_id, { limit: 3, status, after });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    }
    expect((await t.stores.requests.list(t.project_id, { limit: 3, status: 'rejected' })).items).toEqual([]);
  });

  test('a guardrail that counts holds what it cannot count, and a thread keeps every label', async () => {
    const t = await world();
    const thread_id = crypto.randomUUID();
    await t.closed(31, { thread_id });
    await t.keep(30);
    const policy = Policy.parse({
      default_routing: 'review_flagged',
      guardrails: [{ kind: 'velocity_limit', max: 5, window_s: 60 * 86_400 }],
    });
    expect(await screenStats(t.stores.opening, t.project_id, policy, 'o')).toBeDefined();
    await t.pass();
    expect(await screenStats(t.stores.opening, t.project_id, policy, 'o')).toBeUndefined();
    expect(await threadContext(t.stores.opening, t.project_id, { thread_id }, 'o')).toMatchObject({
      untrusted: true,
      private: true,
    });
  });
});

describe('the setting', () => {
  test('is the newest of its acts; without one payloads are kept', async () => {
    const t = await world();
    await t.keep(30);
    await t.keep(90);
    expect(await t.store.days(t.project_id)).toBe(90);
    await t.keep(null);
    expect(await t.store.days(t.project_id)).toBeNull();
    for (const days of [0, -1, 1.5, 36_501, Number.NaN])
      await expect(t.keep(days)).rejects.toThrow('retention: 1 to 36500 days');
  });

  test('that somebody else shortens or brings back removes nothing, and is an alarm', async () => {
    const t = await world();
    const id = await t.closed(31);
    await t.keep(30);
    await t.keep(90);
    await t.store.days(t.project_id); // this process has seen it
    const asOwner = (text: string) =>
      ground.database.asOwner(
        `alter table admin_acts disable trigger all; ${text.replaceAll('$1', `'${t.project_id}'`)}; alter table admin_acts enable trigger all`,
      );
    await asOwner(`update admin_acts set details = replace(details::text, '90', '30')::json where project_id = $1`);
    await t.pass();
    expect(t.alarms).toEqual([{ request_id: null, kind: 'forged_row' }]);
    await asOwner('delete from admin_acts where project_id = $1 and number = 2');
    await t.pass();
    expect(t.alarms[1]).toEqual({ request_id: null, kind: 'rolled_back' });
    expect(await t.kept([id])).toEqual([id]);
  });
});

describe('the attacker who writes to the database', () => {
  /** As the owner of the tables, without triggers. */
  const tamper = (table: string, text: string) =>
    ground.database.asOwner(
      `alter table ${table} disable trigger all; ${text}; alter table ${table} enable trigger all`,
    );
  const FORGED = { name: 'RowForged' };

  test('cannot remove a payload as if its time were over', async () => {
    const t = await world();
    const [removed, id] = [await t.closed(31), await t.closed(1)];
    await t.keep(30);
    await t.pass();
    const set = (columns: string) =>
      tamper('approval_requests', `update approval_requests r set ${columns} where r.id = '${id}'`);
    await set('sealed = substring(sealed from 1 for 65)');
    await expect(t.view(id)).rejects.toMatchObject(FORGED);
    await set('payload_removed_at = now()');
    await expect(t.view(id)).rejects.toMatchObject(FORGED);
    await set(
      `(payload_removed_at, payload_removed_mac) = (select payload_removed_at, payload_removed_mac from approval_requests where id = '${removed}')`,
    );
    await expect(t.view(id)).rejects.toMatchObject(FORGED);
    await set('payload_removed_at = null');
    await expect(t.view(id)).rejects.toMatchObject(FORGED);
  });

  test('cannot make an emptied request pending, nor bring another payload into it', async () => {
    const t = await world();
    const id = await t.closed(31);
    await t.keep(30);
    await t.pass();
    const { receipt } = await t.view(id);
    await tamper(
      'approval_requests',
      `update approval_requests set status = 'pending', resolved_at = null where id = '${id}'`,
    );
    expect((await t.view(id)).receipt).toBe(receipt);
    await tamper('approval_requests', `update approval_requests set sealed = sealed || '\\x00' where id = '${id}'`);
    expect((await t.view(id)).request).toHaveProperty('payload_removed_at');
    await tamper('ledger', `delete from ledger where request_id = '${id}'`);
    await expect(t.view(id)).rejects.toMatchObject(FORGED);
  });

  test('cannot make this product remove what is young: the age is that in the receipt', async () => {
    const t = await world();
    const id = await t.closed(1);
    await t.keep(30);
    const old = new Date(Date.now() - 40 * DAY_MS).toISOString();
    await tamper('ledger', `update ledger set resolved_at = '${old}' where request_id = '${id}'`);
    await tamper('approval_requests', `update approval_requests set resolved_at = '${old}' where id = '${id}'`);
    await t.pass();
    await tamper('approval_requests', `update approval_requests set created_at = '${old}' where id = '${id}'`);
    await t.pass();
    expect(await t.kept([id])).toEqual([id]);
    expect(t.alarms).toEqual([{ request_id: id, kind: 'forged_row' }]);
  });

  test('with the password of the application can remove no payload of a pending request, and change none', async () => {
    const t = await world();
    const { id } = await t.opened(new Date());
    const done = await t.closed(1);
    const set = (text: string, of: string) =>
      inProject(t.pool, t.project_id, (tx) => tx.query(`update approval_requests set ${text} where id = $1`, [of]));
    const refused = { message: expect.stringMatching(/removed once, after its outcome/) };
    const mark = "payload_removed_at = now(), payload_removed_mac = '\\x01'";
    await expect(set(`sealed = substring(sealed from 1 for 65), ${mark}`, id)).rejects.toMatchObject(refused);
    await expect(set("sealed = '\\x03'", done)).rejects.toMatchObject(refused);
    await expect(set(mark, done)).rejects.toMatchObject(refused);
    await expect(
      inProject(t.pool, t.project_id, (tx) =>
        tx.query('update decisions set sealed = null where request_id = $1', [done]),
      ),
    ).rejects.toMatchObject({ message: expect.stringMatching(/removed once, after the outcome/) });
  });
});

describe('a worker that is killed', () => {
  const SCRIPT = fileURLToPath(new URL('../faults/remove-payloads.mjs', import.meta.url));
  const CRASH = pathToFileURL(fileURLToPath(new URL('../faults/crash-at.mjs', import.meta.url))).href;
  async function run(crashAt?: string): Promise<string | number | null> {
    const child = spawn(process.execPath, [...(crashAt ? ['--import', CRASH] : []), SCRIPT], {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: ground.database.app_url,
        LETSPING_ROOT_KEY: ground.root_key,
        ...(crashAt && { CRASH_AT: crashAt }),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code, signal] = await once(child, 'exit');
    return signal ?? code;
  }

  test.each([
    ['before', 2],
    ['inside', 2],
    ['after-commit', 4],
  ])(
    '%s the second removal leaves each request whole or emptied, and the next pass goes on',
    async (point, removed) => {
      const t = await world();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push(await t.closed(40 - i, {}, { amount: i }));
      await t.keep(30);
      expect(await run(`payloads-removed.${point}:2`)).toBe('SIGKILL');
      expect(await t.kept(ids)).toEqual(ids.slice(removed).sort());
      for (const id of ids) {
        const { decision, payload_removed_at } = await t.detail(id);
        expect(decision?.patched_payload === undefined).toBe(payload_removed_at !== null);
      }
      expect(await run()).toBe(0);
      expect(await t.kept(ids)).toEqual([]);
    },
  );
});

test('idempotency keys are removed after 24 hours, and not before', async () => {
  const t = await world();
  const store = idempotencyStore(t.pool, ground.keyring);
  const scope = (key: string) => ({ key_id: 'key_a', route: 'ingest', key, body_sha256: Buffer.alloc(32, 1) });
  for (const key of ['a', 'b', 'c']) await store.lock(t.project_id, scope(key), `req_${key}`);
  await ground.database.asOwner(
    "update idempotency_keys set created_at = now() - interval '25 hours' where project_id = $1 and reference <> 'req_c'",
    [t.project_id],
  );
  expect(await t.store.removeExpiredKeys(1)).toBe(1);
  await t.pass();
  const { rows } = await ground.database.asOwner('select reference from idempotency_keys where project_id = $1', [
    t.project_id,
  ]);
  expect(rows).toEqual([{ reference: 'req_c' }]);
});
