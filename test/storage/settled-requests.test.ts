import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { firewallOutcome } from '../../api/operations/firewall-outcome.ts';
import { Policy } from '../../contracts/policy.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner, type Signer } from '../../crypto/signing.ts';
import type { ClaimRecord } from '../../domain/approval/permit.ts';
import type { NewRequest } from '../../domain/approval/record.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

let db: TestDatabase;
const [project, other] = [newId('prj'), newId('prj')];
let stores: ReturnType<typeof apiStores>;
let signer: Signer;
let keyring: Keyring;

beforeAll(async () => {
  db = await createDatabase();
  keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  for (const id of [project, other])
    await inProject(db.pool, id, (tx) => insertProject(tx, id, keyring.wrapProjectKey(id)));
  stores = apiStores(db.pool, keyring);
  signer = await createSigner(await currentIssuerKey(db.pool, keyring));
});
afterAll(() => db.drop());
afterEach(() => void vi.restoreAllMocks());

const allowed = (given: Partial<NewRequest> = {}): NewRequest =>
  newRequest({ verdict: 'allow', held_by: null, payload: { id: newId('req') }, ...given });

const claimOf = (request: NewRequest, at: Date): ClaimRecord => ({
  request_id: request.id,
  attempt: 1,
  payload_digest: request.payload_digest,
  token_sha256: randomBytes(32),
  retryable: true,
  claimed_by: request.requested_by,
  key_id: request.key_id,
  claimed_at: at,
  unknown_after: new Date(at.getTime() + 60_000),
  ended: null,
  ended_at: null,
  closed_as: null,
  closed_by: null,
  closed_at: null,
});

/** Writes requests that are in flight together: two statements of one request, and one with the others. */
async function insertTogether(
  requests: NewRequest[],
  {
    of = project,
    claimed = () => false,
    late = () => false,
  }: {
    of?: string;
    claimed?: (at: number) => boolean;
    late?: (at: number) => boolean;
  } = {},
) {
  const { now } = await stores.opening.screeningBasis(of);
  const at = now();
  const passed = new Date(at.getTime() - 5_000);
  const outcomes = await Promise.all(
    requests.map((request, i) => firewallOutcome(signer, of, request, late(i) ? passed : at)),
  );
  return Promise.allSettled(
    requests.map((request, i) =>
      stores.opening.insert(
        of,
        request,
        late(i) ? passed : at,
        outcomes[i]!,
        claimed(i) ? claimOf(request, at) : undefined,
      ),
    ),
  );
}
type Ends = Awaited<ReturnType<typeof insertTogether>>;
const states = (ends: Ends) =>
  ends.map((end) => (end.status === 'fulfilled' ? end.value.state : (end.reason as { code?: string }).code));

/** The statements that write requests, by how many they write. */
function watchStatements() {
  const rows: number[] = [];
  const query = pg.Client.prototype.query;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...given: any[]) {
    const { text = '', values = [] } = given[0] as { text?: string; values?: unknown[] };
    if (/insert into approval_requests/.test(text))
      rows.push(values.filter((value) => typeof value === 'string' && value.startsWith('req_')).length);
    return (query as (...args: any[]) => any).apply(this, given);
  } as never);
  return rows;
}
/** In any order: a new connection sends its first statement late. */
const sizes = (rows: number[]) => rows.toSorted((a, b) => a - b);
const stored = async (id: string, of = project) => stores.requests.view(of, id);
const many = (count: number, given?: Partial<NewRequest>) => Array.from({ length: count }, () => allowed(given));

test('requests in flight of one project share a statement, and each has its own request, receipt and claim', async () => {
  const rows = watchStatements();
  const requests = many(18);
  const ends = await insertTogether(requests, { claimed: (at) => at % 3 === 0 });
  expect(states(ends)).toEqual(requests.map(() => 'written'));
  expect(sizes(rows)).toEqual([1, 1, 16]);
  for (const [at, request] of requests.entries()) {
    const view = (await stored(request.id))!; // authenticates the row, its outcome and its claims
    const end = ends[at]!;
    expect(end.status === 'fulfilled' && end.value.state === 'written' && end.value.view).toMatchObject({
      request: { id: request.id, payload: request.payload },
      receipt: view.receipt,
    });
    expect(view.request).toMatchObject({ payload: request.payload });
    expect(view.resolution).toMatchObject({ payload_digest: request.payload_digest });
    expect(view.claims).toHaveLength(at % 3 === 0 ? 1 : 0);
  }
});

test('a request alone is sent alone', async () => {
  const rows = watchStatements();
  for (const request of many(3)) expect(states(await insertTogether([request]))).toEqual(['written']);
  expect(rows).toEqual([1, 1, 1]);
});

test('a request that the database refuses takes no other with it', async () => {
  const requests = many(10);
  requests[5] = allowed({ node: 'no\0text' });
  const rows = watchStatements();
  const ends = await insertTogether(requests);
  expect(states(ends)).toEqual(requests.map((_, at) => (at === 5 ? '22021' : 'written')));
  expect(sizes(rows)).toEqual([...requests.map(() => 1), 8]);
  expect(await stored(requests[5].id)).toBeUndefined();
});

test('each request of a statement is judged by itself: another policy, another time, an id that exists', async () => {
  const [first] = many(1);
  await insertTogether([first!]);
  const requests = many(10);
  requests[3] = allowed({ policy_version: 7 });
  requests[4] = { ...first! };
  const rows = watchStatements();
  const ends = await insertTogether(requests, { late: (at) => at === 6 });
  expect(states(ends)).toEqual(
    requests.map((_, at) => (at === 4 ? 'exists' : [3, 6].includes(at) ? 'policy_changed' : 'written')),
  );
  expect(sizes(rows)).toEqual([1, 1, 8]);
  expect(await stored(requests[3].id)).toBeUndefined();
});

test('of two requests with one id in one statement one is written, and the other finds it', async () => {
  const requests = many(4);
  requests[3] = { ...requests[2]! };
  const ends = await insertTogether(requests, { claimed: () => true });
  expect(states(ends).toSorted()).toEqual(['exists', 'written', 'written', 'written']);
  expect((await stored(requests[2]!.id))!.claims).toHaveLength(1);
});

test('a policy that is written while requests are in flight holds for each that comes after it', async () => {
  const of = newId('prj');
  await inProject(db.pool, of, (tx) => insertProject(tx, of, keyring.wrapProjectKey(of)));
  const own = apiStores(db.pool, keyring);
  const { now } = await own.opening.screeningBasis(of);
  const ends: Promise<{ id: string; state: string }>[] = [];
  let isWritten = false;
  const put = own.policies.putPolicy(of, Policy.parse({}), actor('admin'), () => ({ reason: null, loosenings: [] }));
  void put.then(() => {
    isWritten = true;
  });
  for (let after = 0; after < 48; after += isWritten ? 1 : 0) {
    const request = allowed();
    const at = now();
    const outcome = await firewallOutcome(signer, of, request, at);
    const began = isWritten;
    ends.push(
      own.opening
        .insert(of, request, at, outcome)
        .then(({ state }) => ({ id: request.id, state: began ? `${state} after` : state })),
    );
    if (ends.length % 16 === 0) await ends.at(-1);
  }
  const all = await Promise.all(ends);
  expect(all.filter(({ state }) => state === 'written after')).toEqual([]);
  expect(all.filter(({ state }) => state === 'policy_changed after').length).toBeGreaterThan(0);
  for (const { id, state } of all) expect((await own.requests.view(of, id)) !== undefined).toBe(state === 'written');
});

test('projects share no statement, and each sees its own requests', async () => {
  const rows = watchStatements();
  const [mine, theirs] = [many(18), many(18)];
  const ends = await Promise.all([insertTogether(mine), insertTogether(theirs, { of: other })]);
  expect(ends.flatMap(states)).toEqual([...mine, ...theirs].map(() => 'written'));
  expect(sizes(rows)).toEqual([1, 1, 1, 1, 16, 16]);
  for (const { id } of mine) {
    expect(await stored(id)).toBeDefined();
    expect(await stored(id, other)).toBeUndefined();
  }
  for (const { id } of theirs) expect(await stored(id, other)).toBeDefined();
});

test('a connection that breaks under a statement refuses its requests, and writes none of them', async () => {
  const requests = many(12);
  // Another transaction has begun to write the last one, so the statement of the last ten waits for it.
  const blocker = new pg.Client({ connectionString: db.owner_url });
  await blocker.connect();
  await blocker.query("begin; set local app.project_id = '*'");
  const row = (await db.asOwner('select * from approval_requests limit 1')).rows[0] as Record<string, unknown>;
  const copy = { ...row, id: requests[11]!.id };
  const names = Object.keys(copy);
  await blocker.query(
    `insert into approval_requests (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
    Object.values(copy),
  );
  const inserting = insertTogether(requests);
  for (;;) {
    const { rows } = await db.asOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const ends = await inserting;
  await blocker.query('rollback');
  await blocker.end();
  const refused = states(ends).flatMap((state, at) => (state === 'database_unavailable' ? [at] : []));
  expect(refused).toContain(11);
  expect(refused.length).toBeGreaterThan(1);
  for (const [at, { id }] of requests.entries()) expect((await stored(id)) !== undefined).toBe(!refused.includes(at));
  expect(states(await insertTogether(requests)).toSorted()).toEqual([
    ...requests.flatMap((_, at) => (refused.includes(at) ? [] : ['exists'])),
    ...refused.map(() => 'written'),
  ]);
});
