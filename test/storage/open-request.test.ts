import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Policy } from '../../contracts/policy.ts';
import type { Resolution } from '../../contracts/workflow.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { apiStores } from '../../storage/api-stores.ts';
import type { Judge } from '../../storage/approvals/open-request.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject, loadProjectKey } from '../../storage/keys/projects.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

let db: TestDatabase;
const project = newId('prj');
const digest = `sha256:${'a'.repeat(64)}`;
/** Two processes on one database. */
let here: ReturnType<typeof apiStores>;
let elsewhere: ReturnType<typeof apiStores>;

beforeAll(async () => {
  db = await createDatabase();
  const root = parseRootKey(randomBytes(32).toString('base64'));
  const keyring = createKeyring(root, loadProjectKey(db.pool));
  await inProject(db.pool, project, (tx) => insertProject(tx, project, keyring.wrapProjectKey(project)));
  here = apiStores(db.pool, keyring);
  elsewhere = apiStores(db.pool, createKeyring(root, loadProjectKey(db.pool)));
});
afterAll(() => db.drop());
afterEach(() => void vi.restoreAllMocks());

const put = (default_routing: 'observe' | 'review_all') =>
  elsewhere.policies.putPolicy(project, Policy.parse({ default_routing }), 'admin', () => ({
    reason: null,
    loosenings: [],
  }));

/** Allows under `observe`, holds otherwise, and notes by which version it was asked. */
function judging(id: string): { judge: Judge; asked: number[] } {
  const asked: number[] = [];
  const allowed: Resolution = { status: 'approved', cause: 'firewall', payload_digest: digest };
  const judge: Judge = ({ policy, version }) => {
    asked.push(version);
    const allow = policy.default_routing === 'observe';
    return {
      request: {
        id,
        service: 's',
        action: 'a',
        priority: 'medium',
        payload: {},
        salt: 'c2FsdA',
        metadata: {},
        context: {},
        findings: [],
        finding_ids: [],
        verdict: allow ? 'allow' : 'hold',
        held_by: allow ? null : 'policy',
        requested_by: 'o',
        key_id: 'key_x',
        thread_id: null,
        node: null,
        payload_digest: digest,
        policy_version: version,
        policy_digest: digest,
        accept_unsigned_signals: false,
        expires_in_ms: 60_000,
      },
      settle: allow
        ? async (entry) => ({
            resolution: allowed,
            delivery_ids: await entry.write({
              ...allowed,
              decision_id: null,
              actor: null,
              channel: 'firewall',
              verified: true,
              resolved_at: entry.now,
              receipt: 'r',
            }),
          })
        : undefined,
    };
  };
  return { judge, asked };
}

test('a policy that was tightened in another process holds at once, whatever this one remembers', async () => {
  const loose = await put('observe');
  const before = judging(newId('req'));
  expect((await here.opening.open(project, before.judge)).resolution).toMatchObject({
    outcome: { status: 'approved' },
  });

  const tight = await put('review_all');
  const after = judging(newId('req'));
  expect((await here.opening.open(project, after.judge)).request).toMatchObject({
    verdict: 'hold',
    policy_version: tight.version,
  });
  expect(after.asked).toEqual([loose.version, tight.version]);

  const loosened = await put('observe');
  const held = judging(newId('req'));
  expect((await here.opening.open(project, held.judge)).resolution).toMatchObject({ outcome: { status: 'approved' } });
  expect(held.asked).toEqual([tight.version, loosened.version]);
});

test('what is remembered is looked up again only when it is needed', async () => {
  const { version } = await put('observe');
  for (let i = 0; i < 3; i++) {
    const { judge, asked } = judging(newId('req'));
    await here.opening.open(project, judge);
    expect(asked.at(-1)).toBe(version);
    if (i > 0) expect(asked).toHaveLength(1);
  }
});

test('an outcome is dated by the clock of the database, also after this process was asleep', async () => {
  await put('observe');
  await here.opening.open(project, judging(newId('req')).judge);
  // The monotonic clock stands while a machine sleeps: what was remembered of the database's is then far behind.
  const real = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => real() - 60_000);
  const { judge, asked } = judging(newId('req'));
  const view = await here.opening.open(project, judge);
  expect(asked).toHaveLength(2);
  const [{ now }] = (await db.pool.query<{ now: Date }>('select clock_timestamp() as now')).rows as [{ now: Date }];
  expect(Math.abs(now.getTime() - Date.parse(view.resolution!.decided_at))).toBeLessThan(5_000);
});

test('a second request under one id finds the first', async () => {
  await put('observe');
  const id = newId('req');
  const first = await here.opening.open(project, judging(id).judge);
  const second = await elsewhere.opening.open(project, judging(id).judge);
  expect(second.resolution?.decided_at).toBe(first.resolution?.decided_at);
});

test('a policy that is changed each time an action is judged leaves nothing written, and says so', async () => {
  const id = newId('req');
  const { judge, asked } = judging(id);
  const restless: Judge = async (...given) => {
    await put('observe');
    return judge(...given);
  };
  await expect(here.opening.open(project, restless)).rejects.toMatchObject({
    code: 'policy_changing',
    details: { retry_after: 1 },
  });
  expect(asked).toHaveLength(5);
  expect(await here.requests.view(project, id)).toBeUndefined();
});
