import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createOpenRequest } from '../../api/operations/open-request.ts';
import type { IngestBody } from '../../contracts/action.ts';
import { Policy } from '../../contracts/policy.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner, type Signer } from '../../crypto/signing.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { OpenRequestStore } from '../../domain/approval/ports.ts';
import { type Screener, screenHere } from '../../domain/firewall/screener.ts';
import { createScreener } from '../../runtime/threads/screener.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

let db: TestDatabase;
const project = newId('prj');
/** Two processes on one database. */
let here: ReturnType<typeof apiStores>;
let elsewhere: ReturnType<typeof apiStores>;
let signer: Signer;

beforeAll(async () => {
  db = await createDatabase();
  const root = parseRootKey(randomBytes(32).toString('base64'));
  const keyring = createKeyring(root, storedKeys(db.pool));
  await inProject(db.pool, project, (tx) => insertProject(tx, project, keyring.wrapProjectKey(project)));
  here = apiStores(db.pool, keyring);
  signer = await createSigner(await currentIssuerKey(db.pool, keyring));
  elsewhere = apiStores(db.pool, createKeyring(root, storedKeys(db.pool)));
});
afterAll(() => db.drop());
afterEach(() => void vi.restoreAllMocks());

const put = (default_routing: 'observe' | 'review_all') =>
  elsewhere.policies.putPolicy(project, Policy.parse({ default_routing }), actor('admin'), () => ({
    reason: null,
    loosenings: [],
  }));

const agent: Principal = {
  project_id: project,
  owner: 'o',
  role: 'agent',
  key_id: 'key_x',
  services: null,
  context_trust: 'full',
  permissions: null,
  made_by: null,
  via: 'key',
};

/** Opens one request, which is allowed under `observe` and held under `review_all`, and notes what happens on the way. */
async function open({
  id = newId('req'),
  stores = here,
  beforeInsert = async () => {},
  screen = screenHere(),
  payload = { n: 1 },
}: {
  id?: string;
  stores?: ReturnType<typeof apiStores>;
  beforeInsert?: () => Promise<unknown>;
  screen?: Screener;
  payload?: IngestBody['payload'];
} = {}) {
  const versions: number[] = [];
  const counted: string[] = [];
  const started: string[] = [];
  const store: OpenRequestStore = {
    ...stores.opening,
    screeningBasis: async (project_id) => {
      const basis = await stores.opening.screeningBasis(project_id);
      versions.push(basis.inForce.version);
      return basis;
    },
    insert: async (...given) => {
      await beforeInsert();
      return stores.opening.insert(...given);
    },
  };
  const openRequest = createOpenRequest({
    store,
    signer,
    screen,
    agentSchemas: { refusal: async () => undefined },
    workflows: { start: (request) => void started.push(request.id) },
    counts: {
      opened: (verdict) => void counted.push(verdict),
      decided: (_request, { status }) => void counted.push(status),
    },
    pendingLimit: (_principal, hold) => hold(),
    triageUrl: (name) => name,
    unsignedSignals: true,
  });
  const answer = openRequest(agent, { service: 's', action: 'a', payload, priority: 'medium' }, id, {
    checkAccess: () => {},
  });
  return { answer: await answer.catch((error: unknown) => error as never), id, versions, counted, started };
}
const stored = async (id: string) => (await here.requests.view(project, id))!;

test('a policy that was tightened in another process holds at once, whatever this process has cached', async () => {
  const loose = await put('observe');
  const before = await open();
  expect(before.answer).toMatchObject({ verdict: 'allow', outcome: { status: 'approved' } });
  expect(before.counted).toEqual(['allow', 'approved']);

  const tight = await put('review_all');
  const after = await open();
  expect((await stored(after.id)).request).toMatchObject({ verdict: 'hold', policy_version: tight.version });
  expect(after).toMatchObject({
    answer: { status: 'PENDING' },
    versions: [loose.version, tight.version],
    counted: ['hold'],
    started: [after.id],
  });

  const loosened = await put('observe');
  const again = await open();
  expect(again.answer).toMatchObject({ outcome: { status: 'approved' } });
  expect(again.versions).toEqual([tight.version, loosened.version]);
});

test('a request whose screening is ended is held under every policy, and the next one of its key is turned away for a while', async () => {
  await put('observe');
  const threads = createScreener({}, { threads: 1, ms: 1 });
  const large = { screen: threads.screen, payload: { rows: Array(5_000).fill('text') } };
  const held = await open(large);
  expect(held.answer).toMatchObject({
    status: 'PENDING',
    verdict: 'hold',
    held_by: 'finding',
    findings: [{ id: 'payload_not_fully_judged', severity: 'high', pointer: '' }],
  });
  const { id, answer } = await open(large);
  expect(answer).toMatchObject({ code: 'rate_limited', details: { retry_after: 2 } });
  expect(await here.requests.view(project, id)).toBeUndefined();
  await threads.end();
});

test('the cached policy and clock are read again only when they are needed', async () => {
  const { version } = await put('observe');
  for (let i = 0; i < 3; i++) {
    const { versions } = await open();
    expect(versions.at(-1)).toBe(version);
    if (i > 0) expect(versions).toHaveLength(1);
  }
});

test('an outcome is dated by the clock of the database, also after this process was asleep', async () => {
  await put('observe');
  await open();
  // The monotonic clock stops while a machine sleeps: the cached difference to the database's clock is then far off.
  const real = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => real() - 60_000);
  const { id, versions } = await open();
  expect(versions).toHaveLength(2);
  const [{ now }] = (await db.pool.query<{ now: Date }>('select clock_timestamp() as now')).rows as [{ now: Date }];
  const { resolution } = await stored(id);
  expect(Math.abs(now.getTime() - Date.parse(resolution!.decided_at))).toBeLessThan(5_000);
});

test('what the store answers for an allowed request is what it reads back', async () => {
  await put('observe');
  let written: unknown;
  const insert: OpenRequestStore['insert'] = async (...given) => {
    const inserted = await here.opening.insert(...given);
    written = inserted.state === 'written' && inserted.view;
    return inserted;
  };
  const { id } = await open({ stores: { ...here, opening: { ...here.opening, insert } } });
  expect(written).toMatchObject(await stored(id));
});

test('a second request under one id finds the first, and is not counted again', async () => {
  await put('observe');
  const { id, answer } = await open();
  const first = await stored(id);
  const second = await open({ id, stores: elsewhere });
  expect(second.answer).toEqual({ ...answer });
  expect(second.counted).toEqual([]);
  expect((await stored(id)).resolution).toEqual(first.resolution);
});

test('a held request that is opened again under its id starts its workflow again', async () => {
  await put('review_all');
  const { id } = await open();
  const second = await open({ id });
  expect(second).toMatchObject({ counted: [], started: [id], answer: { status: 'PENDING' } });
});

test('a policy that changes during each attempt leaves nothing written, and the answer says so', async () => {
  const { id, answer, versions } = await open({ beforeInsert: () => put('observe') });
  expect(answer).toMatchObject({ code: 'policy_changing', details: { retry_after: 1 } });
  expect(versions).toHaveLength(5);
  expect(await here.requests.view(project, id)).toBeUndefined();
});
