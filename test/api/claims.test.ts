import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSettle, createSettleByHint } from '../../activities/settle.ts';
import { createReportUnknown } from '../../activities/watch/report-unknown.ts';
import type { WorkerActivities } from '../../contracts/activities.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { activityDeps } from '../helpers/activities.ts';
import { type Owner, ownerOf } from '../helpers/altered-rows.ts';
import { recordDecision } from '../helpers/record-decision.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
let owner: Owner;
let settle: WorkerActivities['settle'];
beforeAll(async () => {
  system = await createSystem({ env: { LETSPING_STATUS_HOLD_MS: '0', LETSPING_LIMIT_REQUESTS_PER_KEY: 'off' } });
  owner = await ownerOf(system.database);
  const { stores, signer } = await activityDeps(system);
  const { ledger, incidents } = stores;
  settle = createSettle({ settle: createSettleByHint({ ledger, signer }), incidents });
});
afterAll(async () => {
  await owner?.end();
  await system?.stop();
});

const POLICY = { default_routing: 'review_flagged', routes: [{ service: 'held', routing: 'review_all' }] };
const putPolicy = async (policy: object) =>
  expect((await system.call(system.admin_api_key, 'PUT', '/api/policy?reason=test', policy)).status).toBe(200);
beforeEach(() => putPolicy(POLICY));

const token = () => randomBytes(32).toString('base64url');
const header = (of: string) => ({ 'x-letsping-claim': of });
const agent = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  system.call(system.agent_api_key, method, path, body, headers);
const ingest = (body: object = {}, headers: Record<string, string> = {}) =>
  agent('POST', '/api/ingest', { service: 'crm', action: 'read', payload: { n: 1 }, ...body }, headers);

interface Approved {
  id: string;
  payload_digest: string;
}
/** What the firewall allowed. */
const allowed = async (): Promise<Approved> => (await ingest()).body;
/** What a person approved, without a workflow. */
async function approved(payload: object = { n: 1 }): Promise<Approved> {
  const { id, payload_digest } = (await ingest({ service: 'held', payload })).body;
  const decision_id = newId('dec');
  await recordDecision(system, { id: decision_id, request_id: id, type: 'approve', actor: 'ana', payload_digest });
  const ref = { project_id: system.project_id, request_id: id };
  await settle(ref, { status: 'approved', cause: 'person', verified: true, payload_digest, decision_id });
  return { id, payload_digest };
}
const claim = ({ id, payload_digest }: Approved, of = token(), body: object = {}) =>
  agent('POST', `/api/approval-requests/${id}/claim`, { payload_digest, ...body }, header(of));
const end = ({ id }: Approved, of: string, ended: string) =>
  agent('POST', `/api/approval-requests/${id}/claim/end`, { ended }, header(of));
const close = ({ id }: Approved, closed_as: string, attempt = 1, key = system.approver_api_key) =>
  system.call(key, 'POST', `/api/approval-requests/${id}/claim/close`, { closed_as, attempt });
const executed = ({ id, payload_digest }: Approved) =>
  agent('POST', `/api/approval-requests/${id}/executed`, { payload_digest });
const detail = async ({ id }: Approved) =>
  (await system.call(system.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body;
const rows = async ({ id }: Approved) =>
  (await owner.client.query('select * from claims where request_id = $1 order by attempt', [id])).rows;
const incidents = async ({ id }: Approved) =>
  (await owner.client.query('select kind from incidents where request_id = $1 order by created_at', [id])).rows.map(
    ({ kind }) => kind,
  );
/** Six minutes pass for one claim: written by the product, so with its MAC. */
async function silent(request: Approved, of: string, retryable = false): Promise<void> {
  expect((await claim(request, of, { retryable })).status).toBe(201);
  await longAgo(request);
}
async function longAgo({ id }: Approved): Promise<void> {
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
  const sealer = await keyring.sealer(system.project_id);
  const row = (await rows({ id, payload_digest: '' })).at(-1);
  const claimed_at = new Date(row.claimed_at.getTime() - 6 * 60_000);
  const unknown_after = new Date(row.unknown_after.getTime() - 6 * 60_000);
  await owner.client.query(
    'update claims set claimed_at = $2, unknown_after = $3, mac = $4 where request_id = $1 and attempt = $5',
    [id, claimed_at, unknown_after, sealer.macOf('claim', id, { ...row, claimed_at, unknown_after }), row.attempt],
  );
}

describe('a permit', () => {
  test('is claimed once: the second caller is refused before it acts, with who holds it and since when', async () => {
    const request = await approved();
    const first = await claim(request);
    expect(first).toMatchObject({
      status: 201,
      body: {
        id: request.id,
        claim: { attempt: 1, claimed_by: 'dev-agent', token_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    const second = await claim(request);
    expect(second).toMatchObject({
      status: 409,
      body: {
        code: 'permit_claimed',
        permit: { state: 'claimed', claimed_by: 'dev-agent', claimed_at: first.body.claim.claimed_at },
      },
    });
    expect(second.body.detail).toContain(first.body.claim.claimed_at);
    expect(await rows(request)).toHaveLength(1);
  });

  test('has one winner of forty racing callers, in each of 25 rounds', async () => {
    for (let round = 0; round < 25; round++) {
      const request = await allowed();
      const answers = await Promise.all(Array.from({ length: 40 }, () => claim(request)));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      for (const { status, body } of answers) if (status !== 201) expect(body.code).toBe('permit_claimed');
      expect(await rows(request)).toHaveLength(1);
    }
  }, 120_000);

  test('is given again to the same token: its answer was lost', async () => {
    const request = await approved();
    const own = token();
    const first = await claim(request, own);
    expect((await claim(request, own)).body).toEqual(first.body);
    expect((await end(request, own, 'done')).status).toBe(200);
    expect((await claim(request, own)).body.code).toBe('executed_already');
  });

  test('needs an approval, its digest, a claim token, and a caller who may see the request', async () => {
    const request = await approved();
    const pending = (await ingest({ service: 'held' })).body;
    expect((await claim(pending)).body.code).toBe('not_approved');
    expect((await claim({ ...request, payload_digest: `sha256:${'0'.repeat(64)}` })).body.code).toBe('digest_mismatch');
    const path = `/api/approval-requests/${request.id}/claim`;
    const body = { payload_digest: request.payload_digest };
    expect((await agent('POST', path, body)).body.code).toBe('invalid_request');
    expect((await agent('POST', path, body, header('short'))).body.code).toBe('invalid_request');
    expect((await system.call(system.approver_api_key, 'POST', path, body, header(token()))).status).toBe(403);
    const stranger = await system.call(system.admin_api_key, 'POST', '/api/keys', {
      name: 's',
      owner: 'stranger',
      role: 'agent',
    });
    expect((await system.call(stranger.body.api_key, 'POST', path, body, header(token()))).status).toBe(404);
    expect(await rows(request)).toEqual([]);
  });

  test('is done once its claimant says so; a repeat is answered again, another word is refused', async () => {
    const request = await approved();
    const own = token();
    await claim(request, own);
    expect((await end(request, token(), 'done')).body.code).toBe('claim_lost');
    expect((await end(request, own, 'done')).body).toMatchObject({ permit: { state: 'done', ended: 'done' } });
    expect((await end(request, own, 'done')).status).toBe(200);
    expect((await end(request, own, 'not_run')).body.code).toBe('claim_ended');
    expect((await claim(request)).body.code).toBe('executed_already');
    const shown = await detail(request);
    expect(shown.executed_at).toBe(shown.permit.ended_at);
    expect(shown.timeline.map(({ event }: { event: string }) => event)).toEqual(
      expect.arrayContaining(['claimed', 'executed']),
    );
    expect((await agent('GET', `/api/status/${request.id}`)).body.permit.state).toBe('done');
  });

  test('is free again after not_run, as the next attempt', async () => {
    const request = await approved();
    const own = token();
    await claim(request, own);
    expect((await end(request, own, 'not_run')).body).toMatchObject({ permit: { state: 'not_run' } });
    expect((await claim(request)).body).toMatchObject({ claim: { attempt: 2 } });
    expect((await detail(request)).executed_at).toBeNull();
    expect((await rows(request)).map(({ attempt, ended }) => [attempt, ended])).toEqual([
      [1, 'not_run'],
      [2, null],
    ]);
  });

  test('of an effect that failed is unknown, with one incident, and nobody claims it', async () => {
    const request = await approved();
    const own = token();
    await claim(request, own);
    expect((await end(request, own, 'failed')).body).toMatchObject({ permit: { state: 'unknown' } });
    await end(request, own, 'failed');
    expect((await claim(request)).body).toMatchObject({ code: 'permit_unknown', permit: { state: 'unknown' } });
    expect((await claim(request, token(), { retryable: true })).body.code).toBe('permit_unknown');
    expect(await incidents(request)).toEqual(['permit_unknown']);
  });

  test('of a silent claimant is unknown after five minutes, and its late word still counts', async () => {
    const request = await approved();
    const own = token();
    await silent(request, own);
    expect((await claim(request)).body.code).toBe('permit_unknown');
    expect((await detail(request)).permit.state).toBe('unknown');
    expect((await end(request, own, 'done')).body.permit.state).toBe('done');
  });
});

describe('an unknown result', () => {
  const failed = async (retryable = false) => {
    const request = await approved();
    const own = token();
    await claim(request, own, { retryable });
    await end(request, own, 'failed');
    return { request, own };
  };

  test('is closed by a person as done', async () => {
    const { request } = await failed();
    expect((await close(request, 'done')).body).toMatchObject({
      permit: { state: 'done', closed_as: 'done', closed_by: 'dev-approver' },
    });
    expect((await close(request, 'done')).status).toBe(200);
    expect((await close(request, 'not_run')).body.code).toBe('permit_not_unknown');
    expect((await claim(request)).body.code).toBe('executed_already');
    const shown = await detail(request);
    expect(shown.executed_at).toBe(shown.permit.closed_at);
    expect(shown.timeline.at(-1)).toMatchObject({ event: 'closed', by: 'dev-approver' });
  });

  test('is closed by a person as not run, and is then free', async () => {
    const request = await approved();
    const own = token();
    await silent(request, own);
    expect((await close(request, 'not_run')).body).toMatchObject({ permit: { state: 'not_run' } });
    expect((await end(request, own, 'done')).body.code).toBe('claim_lost');
    expect(await incidents(request)).toEqual(['claim_overtaken']);
    expect((await claim(request)).body).toMatchObject({ claim: { attempt: 2 } });
  });

  test('is closed only while it is unknown, for the attempt that was looked into, by another person than the requester', async () => {
    const free = await approved();
    expect((await close(free, 'done')).body.code).toBe('permit_not_unknown');
    await claim(free);
    expect((await close(free, 'not_run')).body.code).toBe('permit_not_unknown');
    const { request } = await failed();
    expect((await close(request, 'not_run', 2)).body.code).toBe('permit_not_unknown');
    expect((await close(request, 'not_run', 1, system.agent_api_key)).status).toBe(403);
    const same = await system.approver('dev-agent');
    expect((await close(request, 'not_run', 1, same)).body.code).toBe('own_request');
    expect((await detail(request)).permit.state).toBe('unknown');
  });

  test('is claimed again where both claims are retryable, unless the policy forbids it', async () => {
    const { request, own } = await failed(true);
    expect((await claim(request)).body.code).toBe('permit_unknown');
    await putPolicy({ ...POLICY, permit: { retry: 'refuse' } });
    expect((await claim(request, token(), { retryable: true })).body.code).toBe('permit_unknown');
    await putPolicy(POLICY);
    expect((await claim(request, token(), { retryable: true })).body).toMatchObject({ claim: { attempt: 2 } });
    expect((await end(request, own, 'failed')).status).toBe(200); // said before
    expect((await claim(request, token(), { retryable: true })).body.code).toBe('permit_claimed');
  });

  test('is found in the list', async () => {
    const { request } = await failed();
    const late = await approved();
    await silent(late, token());
    const running = await approved();
    await claim(running);
    const { body } = await system.call(
      system.approver_api_key,
      'GET',
      '/api/approval-requests?permit=unknown&limit=100',
    );
    const found = body.items.map(({ id }: Approved) => id);
    expect(found).toEqual(expect.arrayContaining([request.id, late.id]));
    expect(found).not.toContain(running.id);
    for (const { permit } of body.items) expect(permit.state).toBe('unknown');
  });
});

describe('a person', () => {
  const visitor = visitorOf(() => system);
  const failed = async () => {
    const request = await approved();
    const own = token();
    await claim(request, own);
    await end(request, own, 'failed');
    return request;
  };

  test('sees on the page what is unknown, and closes it there', async () => {
    const request = await failed();
    const cookie = await visitor.signIn();
    const path = `/requests/${request.id}`;
    expect((await visitor.send('/', { cookie })).text).toContain(`${path}#outcome`);
    expect((await visitor.send(path, { cookie })).text).toContain('the action may have run');
    const send = (fields: Record<string, string>, more: object = {}) =>
      visitor.send(`${path}/permit`, { cookie, fields, ...more });
    expect(await send({ closed_as: 'done', attempt: '1' }, { origin: 'https://evil.test' })).toMatchObject({
      status: 403,
    });
    expect(await send({ closed_as: 'done' })).toMatchObject({ status: 400 });
    expect((await send({ closed_as: 'not_run', attempt: '2' })).text).toContain('This permit was claimed again');
    expect(await send({ closed_as: 'not_run', attempt: '1' })).toMatchObject({
      status: 303,
      location: `${path}#outcome`,
    });
    expect((await visitor.send(path, { cookie })).text).toMatch(/It has not run: .*ana/);
    expect((await visitor.send('/', { cookie })).text).not.toContain(`${path}#outcome`);
    const own = await visitor.signIn('dev-agent');
    const other = await failed();
    const page = await visitor.send(`/requests/${other.id}`, { cookie: own });
    expect(page.text).toContain('another person must close it');
    expect(page.text).not.toContain('It has run');
  });
});

test('the watcher reports a silent claimant once, and none that still has time', async () => {
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
  const told: string[] = [];
  const look = createReportUnknown({
    store: activityStores(system.database.pool, keyring).watch,
    onIncident: ({ request_id }) => told.push(request_id!),
  });
  const [silentOne, running] = [await approved(), await approved()];
  await claim(running);
  await silent(silentOne, token(), true);
  await Promise.all([look(), look()]);
  await look();
  expect(told.filter((id) => id === silentOne.id)).toHaveLength(1);
  expect(told).not.toContain(running.id);
  expect(await incidents(silentOne)).toEqual(['permit_unknown']);
  expect((await claim(silentOne, token(), { retryable: true })).status).toBe(201);
  await look();
  expect(await incidents(silentOne)).toEqual(['permit_unknown']);
});

test('a slow claimant whose claim was taken over is refused, with an incident', async () => {
  const request = await approved();
  const own = token();
  await silent(request, own, true);
  const next = token();
  expect((await claim(request, next, { retryable: true })).body.claim.attempt).toBe(2);
  expect((await end(request, own, 'done')).body.code).toBe('claim_lost');
  expect(await incidents(request)).toEqual(['claim_overtaken']);
  expect((await end(request, next, 'done')).body.permit.state).toBe('done');
});

describe('a report without a claim', () => {
  test('is claim and done in one', async () => {
    const request = await approved();
    expect((await executed(request)).status).toBe(201);
    expect((await claim(request)).body.code).toBe('executed_already');
    expect((await executed(request)).body.code).toBe('executed_already');
    expect(await incidents(request)).toEqual(['executed_twice']);
    expect((await detail(request)).permit).toMatchObject({ state: 'done', attempt: 1, claimed_by: 'dev-agent' });
  });

  test('of what another process has claimed is refused, with an incident', async () => {
    const request = await approved();
    await claim(request);
    expect((await executed(request)).body.code).toBe('permit_claimed');
    expect(await incidents(request)).toEqual(['executed_twice']);
  });
});

describe('an ingest with a claim', () => {
  test('claims what is allowed at once, in its own statement', async () => {
    const own = token();
    const { body } = await ingest({ claim: true }, header(own));
    expect(body).toMatchObject({ status: 'APPROVED', claim: { attempt: 1, claimed_by: 'dev-agent' } });
    expect((await claim(body)).body.code).toBe('permit_claimed');
    expect((await claim(body, own)).body.claim).toEqual(body.claim);
    expect((await end(body, own, 'done')).body.permit.state).toBe('done');
  });

  test('claims nothing that is held or blocked, and needs a token', async () => {
    expect((await ingest({ claim: true })).body.code).toBe('LETSPING_400');
    const held = await ingest({ service: 'held', claim: true }, header(token()));
    expect(held.body).toMatchObject({ status: 'PENDING', claim: null });
    expect(await rows(held.body)).toEqual([]);
    expect((await ingest()).body.claim).toBeUndefined();
  });

  test('under a key that another process has used is answered with the claim of that process', async () => {
    const key = { 'idempotency-key': 'order-17' };
    const first = await ingest({ claim: true }, { ...header(token()), ...key });
    const second = await ingest({ claim: true }, { ...header(token()), ...key });
    expect(second.body.claim).toEqual(first.body.claim);
    expect(await rows(first.body)).toHaveLength(1);
  });
});

describe('the policy in force at the claim', () => {
  test('refuses what it blocks or newly holds, where it asks for a recheck; the outcome stands', async () => {
    const request = await approved({ url: 'https://example.com/' });
    const free = await allowed();
    await putPolicy({ ...POLICY, default_routing: 'review_all', permit: { recheck: true } });
    expect((await claim(free)).body).toMatchObject({ code: 'permit_refused' });
    expect((await claim(request)).status).toBe(201); // a person has seen all that is found
    const other = await approved({ url: 'http://169.254.169.254/latest/' });
    await putPolicy({
      ...POLICY,
      routes: [{ service: 'held', routing: 'review_all', block: ['egress'], permit: { recheck: true } }],
    });
    expect((await claim(other)).body).toMatchObject({ code: 'permit_refused', findings: expect.anything() });
    expect(await rows(other)).toEqual([]);
    expect((await detail(other)).outcome.status).toBe('approved');
    await putPolicy({ ...POLICY, default_routing: 'review_all' });
    expect((await claim(free)).status).toBe(201); // not asked
  });

  test('refuses a permit that is older than it allows', async () => {
    const request = await approved();
    await putPolicy({ ...POLICY, permit: { expires_in_ms: 1_000 } });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await claim(request)).body.code).toBe('permit_expired');
    await putPolicy({ ...POLICY, permit: { expires_in_ms: 60_000 } });
    expect((await claim(request)).status).toBe(201);
  });
});

describe('a database writer', () => {
  test('who deletes a claim is found by an api that has seen it, and nothing is claimed', async () => {
    const request = await approved();
    const own = token();
    await claim(request, own);
    await end(request, own, 'done');
    await owner.client.query('delete from claims where request_id = $1', [request.id]);
    expect((await claim(request)).body.code).toBe('not_authentic');
    expect((await executed(request)).body.code).toBe('not_authentic');
    expect(await incidents(request)).toContain('rolled_back');
  });

  test('who puts an earlier copy of a claim back is found as well', async () => {
    const request = await approved();
    const own = token();
    await claim(request, own, { retryable: true });
    const [before] = await rows(request);
    await end(request, own, 'done');
    await owner.client.query('update claims set ended = null, ended_at = null, mac = $2 where request_id = $1', [
      request.id,
      before.mac,
    ]);
    expect((await claim(request, token(), { retryable: true })).body.code).toBe('not_authentic');
    expect(await incidents(request)).toContain('rolled_back');
  });

  test.each([
    ['its end', "ended = 'not_run', ended_at = now()"],
    ['retryable', 'retryable = true'],
    ['its time', "unknown_after = now() - interval '1 hour'"],
    ['its number', 'attempt = 2'],
    ['its token', "token_sha256 = sha256('mine')"],
    ['a closing', "closed_as = 'not_run', closed_by = 'ana', closed_at = now()"],
  ])('who changes %s makes nothing count', async (_, change) => {
    const request = await approved();
    await claim(request);
    await owner.client.query(`update claims set ${change} where request_id = $1`, [request.id]);
    expect((await claim(request, token(), { retryable: true })).body.code).toBe('not_authentic');
    expect(await incidents(request)).toContain('forged_row');
  });

  test('cannot delete claims as the application', async () => {
    await expect(system.database.pool.query('delete from claims')).rejects.toMatchObject({ code: '42501' });
  });
});
