import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Policy } from '../../contracts/policy.ts';
import { newToken } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { isForgedRow } from '../../domain/approval/forged-row.ts';
import { createKeyCache } from '../../storage/access/key-cache.ts';
import { insertLoginLink } from '../../storage/access/sessions.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { insertRequest } from '../../storage/approvals/insert-request.ts';
import { listen } from '../../storage/db/events.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

/**
 * The attacker writes to the database, has no root key, and kept copies of rows as they once were: these are authentic. A process that
 * has seen the newer state refuses the older one.
 */
let db: TestDatabase;
let keyring: Keyring;
/** Edits a dump: passes the append-only triggers. */
let dump: pg.Client;
let project_id: string;
beforeAll(async () => {
  db = await createDatabase();
  keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  dump = new pg.Client({ connectionString: db.owner_url });
  await dump.connect();
  await dump.query('set session_replication_role = replica');
});
afterAll(async () => {
  await dump.end();
  await db.drop();
});
beforeEach(async () => {
  project_id = newId('prj');
  await inProject(db.pool, project_id, (tx) => insertProject(tx, 'p', keyring.wrapProjectKey(project_id)));
});

/** The stores of one process, which has its own cache and memory. */
const process = () => apiStores(db.pool, keyring);
type Process = ReturnType<typeof process>;

const incidents = async () =>
  (await dump.query('select kind from incidents where project_id = $1 order by created_at', [project_id])).rows.map(
    ({ kind }) => kind as string,
  );

/** Copies a row, and returns what puts the copy back in the place of the row. */
async function copyOf(table: string, id: string, value: unknown): Promise<() => Promise<void>> {
  const { rows } = await dump.query(`select * from ${table} where ${id} = $1`, [value]);
  const columns = Object.keys(rows[0]);
  return async () => {
    await dump.query(`delete from ${table} where ${id} = $1`, [value]);
    await dump.query(
      `insert into ${table} (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
      columns.map((name) => rows[0][name]),
    );
  };
}

const createKey = async (by: Process) => {
  const id = newId('key');
  await by.keys.createKey(project_id, id, { name: 'n', owner: 'ana', role: 'approver' }, randomBytes(32), actor('ana'));
  return id;
};
const put = (by: Process, policy: object) =>
  by.policies.putPolicy(project_id, Policy.parse(policy), actor('dev-admin'), () => ({
    reason: 'because',
    loosenings: [],
  }));
const kindOf = (work: Promise<unknown>) =>
  work.then(
    () => 'counts',
    (error: unknown) => {
      if (!isForgedRow(error)) throw error;
      return error.incident;
    },
  );
const policyOf = (by: Process) => kindOf(by.opening.screeningBasis(project_id));

test('a revoked key that is brought back is refused by the process that revoked it', async () => {
  const here = process();
  const id = await createKey(here);
  const bringBack = await copyOf('api_keys', 'id', id);
  await here.keys.revokeKey(project_id, id, actor('ana'));
  await bringBack();
  expect(await here.identities.key(id)).toBeUndefined();
  expect(await here.keys.listKeys(project_id)).toMatchObject([{ id, revoked_at: null, authentic: false }]);
  expect(await incidents()).toEqual(['rolled_back']);
});

test('and by a process that was notified of the revocation, that looked at the key, or that listed it', async () => {
  const id = await createKey(process());
  const bringBack = await copyOf('api_keys', 'id', id);
  const [notified, looked, listed] = [process(), process(), process()];
  let isListening = () => {};
  const listening = new Promise<void>((resolve) => {
    isListening = resolve;
  });
  const read = vi.fn(async (revoked: string) => notified.identities.lookAgain(revoked));
  const listener = listen(db.app_url, { onEvent: () => {}, onRevoked: read, onGap: isListening });
  try {
    await listening;
    await process().keys.revokeKey(project_id, id, actor('ana'));
    await vi.waitFor(() => expect(read).toHaveBeenCalledWith(id), { timeout: 5_000, interval: 10 });
    await Promise.all(read.mock.results.map(({ value }) => value));
  } finally {
    await listener.stop();
  }
  expect(await looked.identities.key(id)).toBeUndefined();
  await listed.keys.listKeys(project_id);
  await bringBack();
  for (const one of [notified, looked, listed]) expect(await one.identities.key(id)).toBeUndefined();
  expect(await incidents()).toEqual(['rolled_back']);
});

test('a notification alone revokes nothing', async () => {
  const here = process();
  const id = await createKey(here);
  await here.identities.lookAgain(id);
  await here.identities.lookAgain(newId('key'));
  expect(await here.identities.key(id)).toMatchObject({ id });
});

test('without a copy of the MAC from before its revocation, a key does not come back in any process', async () => {
  const id = await createKey(process());
  await process().keys.revokeKey(project_id, id, actor('ana'));
  await dump.query('update api_keys set revoked_at = null, mac = revoked_mac, revoked_mac = null where id = $1', [id]);
  expect(await process().identities.key(id)).toBeUndefined();
  expect(await incidents()).toEqual(['forged_row']);
});

test('an ended session that is brought back is refused, and so is one of a key that is brought back', async () => {
  const here = process();
  const session = { project_id, owner: 'ana', role: 'approver', key_id: null } as const;
  const { token_sha256 } = newToken();
  await here.identities.startSession(token_sha256, session, 12);
  const bringBack = await copyOf('sessions', 'token_sha256', token_sha256);
  expect(await here.identities.session(token_sha256)).toMatchObject(session);
  await here.identities.endSession(token_sha256);
  expect(await here.identities.session(token_sha256)).toBeUndefined();
  await bringBack();
  expect(await here.identities.session(token_sha256)).toBeUndefined();
  expect(await incidents()).toEqual(['rolled_back']);

  const key_id = await createKey(here);
  const of = newToken();
  await here.identities.startSession(of.token_sha256, { ...session, key_id }, 12);
  const keyBack = await copyOf('api_keys', 'id', key_id);
  await here.keys.revokeKey(project_id, key_id, actor('ana'));
  await keyBack();
  expect(await here.identities.session(of.token_sha256)).toBeUndefined();
});

test('a used sign-in link that is brought back is refused, by any process if its MAC was not copied before', async () => {
  const here = process();
  const sealer = await keyring.sealer(project_id);
  const linkTo = async () => {
    const { token_sha256 } = newToken();
    await inProject(db.pool, project_id, (tx) =>
      insertLoginLink(tx, sealer, token_sha256, { owner: 'ana', role: 'approver' }, 15),
    );
    return token_sha256;
  };
  const copied = await linkTo();
  const bringBack = await copyOf('login_links', 'token_sha256', copied);
  expect(await here.identities.takeLoginLink(copied)).toMatchObject({ owner: 'ana' });
  await bringBack();
  expect(await here.identities.takeLoginLink(copied)).toBeUndefined();
  expect(await incidents()).toEqual(['rolled_back']);

  const link = await linkTo();
  expect(await here.identities.takeLoginLink(link)).toMatchObject({ owner: 'ana' });
  await dump.query('update login_links set used_at = null where token_sha256 = $1', [link]);
  expect(await process().identities.takeLoginLink(link)).toBeUndefined();
  expect(await incidents()).toEqual(['rolled_back', 'forged_row']);
});

const removeNewest = () =>
  dump.query(
    'delete from policies where project_id = $1 and version = (select max(version) from policies where project_id = $1)',
    [project_id],
  );

test('a policy before the newest is refused by a process that has seen the newest', async () => {
  const [wrote, read] = [process(), process()];
  await put(wrote, { default_routing: 'observe' });
  await put(wrote, { default_routing: 'review_all' });
  expect(await policyOf(read)).toBe('counts');
  await removeNewest();
  expect(await kindOf(read.policies.policy(project_id))).toBe('rolled_back');
  expect(await policyOf(wrote)).toBe('rolled_back');
  expect(await kindOf(put(wrote, { default_routing: 'observe' }))).toBe('rolled_back');
  await removeNewest(); // a project without a policy
  expect(await policyOf(wrote)).toBe('rolled_back');
});

test('and by a process that starts afterwards, if a request was screened by the newest', async () => {
  await put(process(), {});
  await put(process(), { default_routing: 'review_all' });
  const sealer = await keyring.sealer(project_id);
  const request = newRequest({ policy_version: 2 });
  await inProject(db.pool, project_id, (tx) => insertRequest(tx, sealer, request, new Date()));
  expect(await policyOf(process())).toBe('counts');
  await removeNewest();
  expect(await policyOf(process())).toBe('rolled_back');
});

test('an inserted request, or one with another version, is no evidence of a newer policy', async () => {
  await put(process(), {});
  const sealer = await keyring.sealer(project_id);
  const request = newRequest({ policy_version: 1 });
  await inProject(db.pool, project_id, (tx) => insertRequest(tx, sealer, request, new Date()));
  await dump.query('update approval_requests set policy_version = 99 where id = $1', [request.id]);
  expect(await policyOf(process())).toBe('counts');
});

test('reads that overlap with revocations, sign-outs and new policies are not taken for a rollback', async () => {
  const here = apiStores(db.pool, keyring, createKeyCache());
  const session = { project_id, owner: 'ana', role: 'approver', key_id: null } as const;
  let isDone = false;
  const readers = (work: () => Promise<unknown>) =>
    Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isDone) {
          await work();
          await setImmediate();
        }
      }),
    );
  let id = await createKey(here);
  let { token_sha256 } = newToken();
  const reading = Promise.all([
    readers(() => here.policies.policy(project_id)),
    readers(() => here.identities.lookAgain(id)),
    readers(() => here.keys.listKeys(project_id)),
    readers(() => here.identities.session(token_sha256)),
  ]);
  reading.catch(() => {}); // awaited below
  try {
    for (let i = 0; i < 25; i++) {
      id = await createKey(here);
      token_sha256 = newToken().token_sha256;
      await here.identities.startSession(token_sha256, session, 12);
      await Promise.all([
        here.keys.revokeKey(project_id, id, actor('ana')),
        here.identities.endSession(token_sha256),
        put(here, { expires_in_ms: 60_000 + i }),
      ]);
    }
  } finally {
    isDone = true;
  }
  await reading;
  expect(await incidents()).toEqual([]);
});
