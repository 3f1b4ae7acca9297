import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPutPolicy } from '../../api/operations/put-policy.ts';
import { Policy } from '../../contracts/policy.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
});
afterAll(() => system.stop());

const ingest = (body: object, headers?: Record<string, string>) =>
  system.call(system.agent_api_key, 'POST', '/api/ingest', body, headers);
const admin = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  system.call(system.admin_api_key, method, path, body, headers);
const put = (policy: object, reason?: string) =>
  admin('PUT', '/api/policy', policy, reason === undefined ? {} : { 'x-letsping-reason': reason });

describe('a policy version', () => {
  test('needs a reason when it loosens, and none when it tightens or is the first', async () => {
    const first = await put({ default_routing: 'review_flagged' });
    expect(first).toMatchObject({ status: 200, body: { version: 1 } });

    const refused = await put({ default_routing: 'observe', allowed_domains: ['partner.example'] });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'invalid_value',
        errors: [
          { pointer: '', detail: 'Routing of */* became weaker: review_flagged → observe.' },
          { pointer: '', detail: 'Domain added: partner.example.' },
        ],
      },
    });
    expect((await admin('GET', '/api/policy')).body.version).toBe(1);

    expect(await put({ default_routing: 'review_all' })).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await put({ default_routing: 'review_flagged' }, 'the trial is over')).toMatchObject({
      status: 200,
      body: { version: 3 },
    });
    const unicode = `?reason=${encodeURIComponent('Änderung für 東京')}`;
    expect(await admin('PUT', `/api/policy${unicode}`, { default_routing: 'observe' })).toMatchObject({
      status: 200,
      body: { version: 4 },
    });
  });

  test('is listed with its loosenings, reason and author, newest first', async () => {
    const { body } = await admin('GET', '/api/policy/versions');
    expect(body).toMatchObject({
      next: null,
      items: [
        {
          version: 4,
          reason: 'Änderung für 東京',
          created_by: 'dev-admin',
          loosenings: [expect.stringContaining('observe')],
        },
        {
          version: 3,
          reason: 'the trial is over',
          loosenings: [expect.stringContaining('review_all → review_flagged')],
        },
        { version: 2, reason: null, loosenings: [] },
        { version: 1, reason: null, loosenings: [expect.stringContaining('review_all → review_flagged')] },
      ],
    });
    expect(body.items[0]).not.toHaveProperty('policy');
    const page = (await admin('GET', '/api/policy/versions?limit=3')).body;
    expect(page.next).toBe(2);
    expect((await admin('GET', `/api/policy/versions?before=${page.next}`)).body.items).toMatchObject([{ version: 1 }]);
    for (const wrong of ['limit=0', 'before=x', 'colour=red'])
      expect((await admin('GET', `/api/policy/versions?${wrong}`)).status).toBe(400);
    expect((await system.call(system.approver_api_key, 'GET', '/api/policy/versions')).status).toBe(403);
  });

  test('cannot be changed, even by the owner of the tables', async () => {
    const { Client } = (await import('pg')).default;
    const owner = new Client({ connectionString: system.database.owner_url });
    await owner.connect();
    await owner.query("set app.project_id = '*'");
    await expect(owner.query("update policies set reason = 'other'")).rejects.toThrow(/append-only/);
    await expect(owner.query('delete from policies')).rejects.toThrow(/append-only/);
    await owner.end();
  });

  test.each([
    ['nothing', ''],
    ['a space', ' '],
    ['1,001 letters', 'x'.repeat(1_001)],
  ])('is refused with an invalid reason: %s', async (_name, reason) => {
    const path = `/api/policy?reason=${encodeURIComponent(reason)}`;
    expect((await admin('PUT', path, {})).status).toBe(400);
  });

  test('is refused when it loosens and the key has no policy:loosen, whatever the reason', async () => {
    const before = { version: 1, digest: '', policy: Policy.parse({}), created_by: null, created_at: null };
    const putPolicy = createPutPolicy(
      { putPolicy: async (_project, policy, _by, compare) => ({ ...before, policy, ...compare(before) }) },
      { screenDeps: {}, loosenWithoutReason: false, unsignedSignals: true },
    );
    const manager = {
      project_id: 'prj',
      owner: 'ana',
      role: 'approver',
      key_id: 'key',
      services: null,
      context_trust: 'full',
      permissions: null,
      made_by: null,
      via: 'key',
    } as const;
    await expect(
      putPolicy(manager, actor('ana'), Policy.parse({ default_routing: 'observe' }), 'because'),
    ).rejects.toMatchObject({
      code: 'forbidden',
      details: { errors: [{ detail: expect.stringContaining('observe') }] },
    });
    expect(await putPolicy(manager, actor('ana'), Policy.parse({ expires_in_ms: 90_000 }), undefined)).toMatchObject({
      loosenings: [],
    });
  });

  test('with a rule that cannot run is refused with its place, by PUT and by simulate', async () => {
    const broken = { guardrails: [{ kind: 'egress', extra_blocked_addresses: ['10.0.0.0/99'] }] };
    const refusal = { status: 422, body: { errors: [{ pointer: '/guardrails/0/extra_blocked_addresses' }] } };
    expect(await put(broken, 'because')).toMatchObject(refusal);
    expect(await admin('POST', '/api/policy/simulate', { policy: broken, since: '7d' })).toMatchObject(refusal);
  });

  test('is compared with the version before it when two are written at once', async () => {
    await put({ default_routing: 'review_all' });
    const answers = await Promise.all([
      put({ default_routing: 'review_flagged' }, 'one'),
      put({ default_routing: 'review_all', expires_in_ms: 90_000 }),
    ]);
    const { items } = (await admin('GET', '/api/policy/versions?limit=2')).body;
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(items.filter(({ loosenings }: { loosenings: string[] }) => loosenings.length > 0)).toMatchObject([
      { reason: 'one' },
    ]);
  });
});

describe('a simulation', () => {
  const simulate = (policy: object, since = '1h') => admin('POST', '/api/policy/simulate', { policy, since });

  test('screens the recorded requests, lists the changed verdicts, and writes nothing', async () => {
    await put({ default_routing: 'review_flagged' }, 'for what follows');
    const quiet = (await ingest({ service: 'sim', action: 'read', payload: { q: 'canary-payload' } })).body;
    const held = (await ingest({ service: 'sim', action: 'get', payload: { url: 'http://127.0.0.1/canary' } })).body;
    const version = (await admin('GET', '/api/policy')).body.version;

    const strict = await simulate({
      default_routing: 'review_flagged',
      routes: [{ service: 'sim', routing: 'review_all', block: ['egress'] }],
    });
    expect(strict).toMatchObject({
      status: 200,
      body: {
        complete: true,
        was: { allow: 1, hold: 1, block: 0 },
        would_be: { allow: 0, hold: 1, block: 1 },
        judged: 2,
        changed: 2,
      },
    });
    expect(strict.body.changes).toMatchObject([
      {
        id: held.id,
        was: 'hold',
        would_be: 'block',
        held_by: null,
        finding_ids: expect.arrayContaining([expect.stringMatching(/^egress\//)]),
      },
      { id: quiet.id, was: 'allow', would_be: 'hold', held_by: 'policy', finding_ids: [] },
    ]);
    expect(strict.text).not.toContain('canary');

    expect((await simulate({ default_routing: 'review_flagged' })).body).toMatchObject({ changed: 0, changes: [] });
    expect((await admin('GET', '/api/policy')).body.version).toBe(version);
  });

  test('reads more than one batch, in order', async () => {
    for (let i = 0; i < 60; i++) await ingest({ service: 'many', action: `a${i}`, payload: {} });
    const { body } = await simulate({});
    const many = body.changes.filter(({ service }: { service: string }) => service === 'many');
    expect(many.map(({ action }: { action: string }) => action)).toEqual(
      Array.from({ length: 60 }, (_, i) => `a${59 - i}`),
    );
    expect(body).toMatchObject({ judged: 62, complete: true });
  });

  test.each([
    [{ policy: {} }, 400],
    [{ policy: {}, since: '7w' }, 400],
    [{ policy: {}, since: '401d' }, 400],
    [{ policy: { default_routing: 'sometimes' }, since: '7d' }, 400],
  ])('refuses %j', async (body, status) => {
    expect((await admin('POST', '/api/policy/simulate', body)).status).toBe(status);
  });

  test('is for admins', async () => {
    for (const key of [system.approver_api_key, system.agent_api_key])
      expect((await system.call(key, 'POST', '/api/policy/simulate', { policy: {}, since: '7d' })).status).toBe(403);
  });
});

test('findings are in the status, in the detail and, by their ids, in the receipt', async () => {
  await put(
    { default_routing: 'review_flagged', routes: [{ service: 'never', routing: 'review_flagged', block: ['egress'] }] },
    'x',
  );
  const { body } = await ingest({ service: 'never', action: 'get', payload: { url: 'http://127.0.0.1/' } });
  const finding = { id: 'egress/loopback', pointer: '/url', severity: 'high', evidence: 'http://127.0.0.1/' };
  const status = await system.call(system.agent_api_key, 'GET', `/api/status/${body.id}`);
  expect(status.body).toMatchObject({ verdict: 'block', findings: [finding] });
  expect((await admin('GET', `/api/approval-requests/${body.id}`)).body).toMatchObject({ findings: [finding] });
  const receipt = (await admin('GET', `/api/approval-requests/${body.id}/receipt`)).text;
  expect(JSON.parse(Buffer.from(receipt.split('.')[1]!, 'base64url').toString()).predicate.policy).toMatchObject({
    verdict: 'block',
    findings: ['egress/loopback'],
  });
});

describe('the context of the host program', () => {
  /** As stored. */
  const contextOf = async (request_id: string) => {
    const { pool } = system.database;
    const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(pool));
    return (await activityStores(pool, keyring).screen.request({ project_id: system.project_id, request_id }))?.context;
  };
  const action = { service: 'host', action: 'read', payload: { q: 1 } };
  const header = (context: unknown) => ({
    'x-letsping-context': typeof context === 'string' ? context : JSON.stringify(context),
  });

  test('in a header is joined with the one in the body: the worse label, and the intersection of known names', async () => {
    const { body, status } = await ingest(
      { ...action, context: { thread_id: 't', untrusted: false, allowed_domains: ['a.example', 'b.example'] } },
      header({ untrusted: true, allowed_domains: ['b.example'], known_recipients: ['ana'] }),
    );
    expect(status).toBe(201);
    expect(await contextOf(body.id)).toEqual({
      thread_id: 't',
      untrusted: true,
      allowed_domains: ['b.example'],
      known_recipients: ['ana'],
    });
  });

  test('may be in the header alone, and in UTF-8', async () => {
    const text = Buffer.from(JSON.stringify({ untrusted: false, task: 'für 東京' }), 'utf8').toString('latin1');
    const { body } = await ingest(action, header(text));
    expect(await contextOf(body.id)).toEqual({ untrusted: false, task: 'für 東京' });
  });

  test.each(['x', '[]', '{"untrusted":"no"}', '{"colour":1}', '{"untrusted":true,"untrusted":false}', '\xff'])(
    'is refused when the header is not an ActionContext: %j',
    async (text) => {
      expect(await ingest(action, header(text))).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('X-Letsping-Context') },
      });
    },
  );

  test('is part of what an Idempotency-Key covers', async () => {
    const repeated = (context: object) => ingest(action, { ...header(context), 'idempotency-key': 'context-1' });
    const first = await repeated({ untrusted: false });
    expect((await repeated({ untrusted: false })).body.id).toBe(first.body.id);
    expect((await repeated({ untrusted: true })).status).toBe(422);
  });
});

describe('guardrails that count', () => {
  test('see earlier requests of the project: the call beyond the limit is held, another action is allowed', async () => {
    const counted = await createSystem({
      policy: { default_routing: 'review_flagged', guardrails: [{ kind: 'velocity_limit', max: 2, window_s: 60 }] },
    });
    try {
      const ask = async (action: string) =>
        (await counted.call(counted.agent_api_key, 'POST', '/api/ingest', { service: 's', action, payload: { n: 1 } }))
          .body;
      expect([(await ask('a')).verdict, (await ask('a')).verdict]).toEqual(['allow', 'allow']);
      expect(await ask('a')).toMatchObject({ verdict: 'hold', findings: [{ id: 'velocity_limit/too_many' }] });
      expect((await ask('b')).verdict).toBe('allow');
    } finally {
      await counted.stop();
    }
  });
});
