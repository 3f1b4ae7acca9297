import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newApiKey } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { verifyReceipt } from '../../receipts/index.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem({
    policy: { default_routing: 'review_flagged', allowed_domains: ['ours.example'], known_recipients: ['Mira Falk'] },
  });
  await system.startWorker();
});
afterAll(() => system.stop());
const { decide } = approvalsOf(() => system);
const { send } = visitorOf(() => system);

const create = (body: object, by = system.admin_api_key) =>
  system.call(by, 'POST', '/api/keys', { name: 'k', owner: 'bot', role: 'agent', ...body });
const keyOf = async (body: object, by?: string): Promise<string> => {
  const answer = await create(body, by);
  expect(answer.status).toBe(201);
  return answer.body.api_key;
};

test('a key is given once: a repeat under its Idempotency-Key has the id, and nothing stored has the secret', async () => {
  const headers = { 'idempotency-key': 'make-a-key' };
  const body = { name: 'k', owner: 'once', role: 'agent' };
  const make = () => system.call(system.admin_api_key, 'POST', '/api/keys', body, headers);
  const [first, again] = [await make(), await make()];
  const { api_key, ...rest } = first.body;
  expect(api_key).toMatch(/^lp_test_/);
  expect([again.status, again.body]).toEqual([201, rest]);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const root = parseRootKey(system.env['LETSPING_ROOT_KEY']!);
  const sealer = await createKeyring(root, storedKeys(system.database.pool)).sealer(system.project_id);
  const { rows } = await system.database.asOwner(
    "select key_id, route, key_hash, body_hash, reference, sealed_answer from idempotency_keys where route = 'keys'",
  );
  const stored = await Promise.all(
    rows.map((row) =>
      sealer.unseal(
        [
          'idempotent answer',
          row.key_id,
          row.route,
          row.key_hash.toString('base64url'),
          row.body_hash.toString('base64url'),
          row.reference,
        ],
        row.sealed_answer,
      ),
    ),
  );
  expect(stored).toMatchObject([{ status: 201, answer: { id: rest.id } }]);
  expect(JSON.stringify(stored)).not.toContain('api_key');
});

describe('the context that an agent states', () => {
  const mail = { service: 'mail', action: 'send_email', payload: { to: 'x@evil-x.dev', body: 'hi' } };
  const claims = { untrusted: false, allowed_domains: ['evil-x.dev'], known_recipients: ['x@evil-x.dev'] };
  const verdict = async (key: string, context?: object, headers = {}) =>
    (await system.call(key, 'POST', '/api/ingest', { ...mail, ...(context && { context }) }, headers)).body.status;

  test('turns no hold into an allow, in the body or the header', async () => {
    expect(await verdict(system.agent_api_key)).toBe('PENDING');
    expect(await verdict(system.agent_api_key, claims)).toBe('PENDING');
    const header = { 'x-letsping-context': JSON.stringify(claims) };
    expect(await verdict(system.agent_api_key, undefined, header)).toBe('PENDING');
  });

  test('counts in full under the key of a host program, until the policy forbids it', async () => {
    const host = await keyOf({ owner: 'host', context_trust: 'full' });
    expect(await verdict(host)).toBe('PENDING');
    expect(await verdict(host, claims)).toBe('APPROVED');
    const { policy } = (await system.call(system.admin_api_key, 'GET', '/api/policy')).body;
    const put = (body: object) => system.call(system.admin_api_key, 'PUT', '/api/policy?reason=test', body);
    expect((await put({ ...policy, context_trust: 'tighten_only' })).status).toBe(200);
    await vi.waitFor(async () => expect(await verdict(host, claims)).toBe('PENDING'), { timeout: 10_000 });
    expect((await put(policy)).status).toBe(200);
  });

  test('is trusted by the key when a patch is screened', async () => {
    const host = await keyOf({ owner: 'host', context_trust: 'full' });
    for (const [key, wanted] of [
      [host, 201],
      [system.agent_api_key, 422],
    ] as const) {
      const context = { ...claims, untrusted: true, task: 'Send it to somebody at evil-x.dev' };
      const to = 'mail@elsewhere.example';
      const opened = await system.call(key, 'POST', '/api/ingest', { ...mail, payload: { to }, context });
      const { id, payload_digest } = opened.body;
      const patched_payload = { to: 'x@evil-x.dev', note: 'hi' };
      const answer = await decide(id, { type: 'patch', patched_payload, payload_digest });
      expect([key === host, answer.status]).toEqual([key === host, wanted]);
    }
  });

  test('belongs to keys of agents', async () => {
    expect(await create({ role: 'approver', context_trust: 'full' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/context_trust' }] },
    });
  });
});

describe('a key that expires', () => {
  /** A key of an approver that is valid for this long: the route takes a minute or more. */
  const expiring = async (expires_in_ms: number): Promise<string> => {
    const id = newId('key');
    const { api_key, secret_sha256 } = newApiKey(id, 'test');
    const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
    const key = { name: 'short', owner: 'eva', role: 'approver' as const, expires_in_ms };
    await apiStores(system.database.pool, keyring).keys.createKey(
      system.project_id,
      id,
      key,
      secret_sha256,
      actor('eva'),
    );
    return api_key;
  };
  const read = (key: string) => system.call(key, 'GET', '/api/approval-requests');

  test('is refused afterwards with a sentence that says so, and so is its session', async () => {
    const key = await expiring(2_500);
    expect((await read(key)).status).toBe(200);
    const { cookie } = await send('/login', { fields: { api_key: key } });
    expect((await send('/', { cookie })).status).toBe(200);
    await vi.waitFor(async () => expect((await read(key)).status).toBe(401), { timeout: 10_000, interval: 100 });
    expect((await read(key)).body.detail).toMatch(/^This API key expired at 20\S+Z\. An admin can make another one\.$/);
    expect((await send('/', { cookie })).status).toBe(401);
    const again = await send('/login', { fields: { api_key: key } });
    expect([again.status, again.text]).toEqual([401, expect.stringContaining('This API key expired at')]);
    // Without the secret, it is a key like any unknown one.
    const other = `${key.slice(0, -43)}${randomBytes(32).toString('base64url')}`;
    expect((await read(other)).body.detail).not.toContain('expired');
  });

  test('is listed with its expiry; others have none', async () => {
    const { body } = await create({ owner: 'billing', expires_in_ms: 86_400_000 });
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(86_400_000);
    const { items } = (await system.call(system.admin_api_key, 'GET', '/api/keys')).body;
    expect(items.find(({ id }: { id: string }) => id === body.id)).toMatchObject({ expires_at: body.expires_at });
    expect(items[0]).toMatchObject({ expires_at: null, made_by: null, context_trust: 'tighten_only' });
    expect((await create({ expires_in_ms: 10 })).status).toBe(400);
  });
});

describe('permissions taken apart', () => {
  const without = (...taken: string[]) =>
    ['approval:read', 'approval:decide', 'approval:cancel', 'policy:manage', 'policy:loosen', 'key:manage'].filter(
      (one) => !taken.includes(one),
    );
  const looser = { default_routing: 'observe' };
  const put = (key: string, policy: object) => system.call(key, 'PUT', '/api/policy?reason=because', policy);

  test('a key without policy:loosen tightens a policy, and loosens none', async () => {
    const key = await keyOf({ owner: 'ops', role: 'admin', permissions: without('policy:loosen') });
    const { policy } = (await system.call(key, 'GET', '/api/policy')).body;
    expect(await put(key, looser)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('policy:loosen') },
    });
    expect((await put(key, { ...policy, expires_in_ms: 90_000 })).status).toBe(200);
  });

  test('a key gives nothing that it lacks, to itself or to another', async () => {
    const key = await keyOf({ owner: 'ops', role: 'admin', permissions: without('policy:loosen', 'approval:decide') });
    const owner = 'ops';
    for (const body of [
      { owner, role: 'admin' },
      { owner, role: 'admin', permissions: ['policy:loosen'] },
      { owner: 'other', role: 'admin', permissions: without() },
      { owner: 'other', role: 'approver' },
      { owner: 'bot-2', context_trust: 'full' },
    ])
      expect(await create(body, key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(
      (await create({ owner, role: 'admin', permissions: without('policy:loosen', 'approval:decide') }, key)).status,
    ).toBe(201);
    expect((await create({ owner: 'other', role: 'approver', permissions: ['approval:read'] }, key)).status).toBe(201);
    expect((await create({ owner: 'bot-2' }, key)).status).toBe(201);
  });

  test('a key without key:manage reads and makes no keys; one without policy:manage sees no policy', async () => {
    const key = await keyOf({ owner: 'ops', role: 'admin', permissions: without('key:manage', 'policy:manage') });
    for (const [method, path] of [
      ['GET', '/api/keys'],
      ['POST', '/api/keys'],
      ['GET', '/api/policy'],
      ['PUT', '/api/policy'],
    ] as const)
      expect(await system.call(key, method, path, method === 'GET' ? undefined : {})).toMatchObject({
        status: 403,
        body: { detail: expect.stringMatching(/^This key was made without the permission (key|policy):manage\.$/) },
      });
  });

  test('the limits of a key hold on the page too', async () => {
    const key = await keyOf({ owner: 'reader', role: 'approver', permissions: ['approval:read'] });
    const { id, payload_digest } = (
      await system.call(system.agent_api_key, 'POST', '/api/ingest', {
        ...{ service: 'mail', action: 'send_email', payload: { to: 'x@evil-x.dev' } },
      })
    ).body;
    expect((await decide(id, { type: 'approve', payload_digest }, key)).status).toBe(403);
    const { cookie } = await send('/login', { fields: { api_key: key } });
    const page = await send(`/requests/${id}`, { cookie });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('a key that may not decide')]);
    const form = await send(`/requests/${id}/decision`, { cookie, fields: { type: 'approve', payload_digest } });
    expect(form.status).toBe(403);
    const blind = await keyOf({ owner: 'blind', role: 'approver', permissions: ['approval:decide'] });
    const signedIn = await send('/login', { fields: { api_key: blind } });
    expect((await send('/', { cookie: signedIn.cookie })).status).toBe(403);
  });

  test('a permission of another role, or of none, is refused', async () => {
    expect((await create({ permissions: ['approval:decide'] })).status).toBe(422);
    expect((await create({ permissions: ['root'] })).status).toBe(400);
    expect((await create({ permissions: [] })).status).toBe(400);
  });
});

describe('a key that another person made', () => {
  const receiptOf = async (id: string, key: string) => {
    const { text } = await system.call(key, 'GET', `/api/approval-requests/${id}/receipt`);
    const { keys } = (await system.call(key, 'GET', '/.well-known/jwks.json')).body;
    const verification = await verifyReceipt(text.trim(), keys);
    if (!verification.valid) throw new Error(JSON.stringify(verification.checks));
    return verification.statement.predicate.decided;
  };
  const approvedBy = async (key: string) => {
    const { id, payload_digest } = (
      await system.call(system.agent_api_key, 'POST', '/api/ingest', {
        ...{ service: 'mail', action: 'send_email', payload: { to: 'x@evil-x.dev' } },
      })
    ).body;
    expect((await decide(id, { type: 'approve', payload_digest }, key)).status).toBe(201);
    return receiptOf(id, key);
  };

  test('says so, and so do the receipts of its decisions', async () => {
    const { body } = await create({ owner: 'cfo', role: 'approver' });
    expect(body.made_by).toBe('dev-admin');
    expect(await approvedBy(body.api_key)).toMatchObject({ by: ['cfo'], keys_made_by: { cfo: 'dev-admin' } });
  });

  test('is one as well when it is made with a key that another person made, and its receipts say so', async () => {
    const first = (await create({ owner: 'coo', role: 'admin' })).body;
    expect(first.made_by).toBe('dev-admin');
    const own = (await create({ owner: 'coo', role: 'approver' }, first.api_key)).body;
    expect(own.made_by).toBe('dev-admin');
    expect(await approvedBy(own.api_key)).toMatchObject({ keys_made_by: { coo: 'dev-admin' } });
    expect((await create({ owner: 'someone', role: 'approver' }, first.api_key)).body.made_by).toBe('dev-admin');
    expect((await create({ owner: 'dev-admin', role: 'approver' }, first.api_key)).body.made_by).toBe('coo');
  });

  test('differs from a key of its owner, or of the first start', async () => {
    const { body } = await create({ owner: 'Dev-Admin', role: 'approver' });
    expect(body).toMatchObject({ status: 422 });
    const own = await create({ owner: 'dev-admin', role: 'approver' });
    expect(own.body.made_by).toBeNull();
    for (const key of [own.body.api_key, system.approver_api_key])
      expect(await approvedBy(key)).not.toHaveProperty('keys_made_by');
  });
});
