import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createFirstProject } from '../../storage/access/bootstrap.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
let foreignKey: string;
beforeAll(async () => {
  system = await createSystem();
  foreignKey = (
    await createFirstProject({
      databaseUrl: system.database.app_url,
      rootKey: system.env['LETSPING_ROOT_KEY']!,
      name: 'foreign',
      environment: 'test',
    })
  ).admin_api_key;
});
afterAll(() => system.stop());

const action = { service: 'billing', action: 'refund', payload: { amount: 10 } };
const ingest = (body: unknown, headers?: Record<string, string>) =>
  system.call(system.agent_api_key, 'POST', '/api/ingest', body, headers);
const open = async () => (await ingest(action)).body as { id: string; payload_digest: string };
const { decide } = approvalsOf(() => system);
const makeKey = async (body: object) => (await system.call(system.admin_api_key, 'POST', '/api/keys', body)).body;

describe('authentication', () => {
  test.each([undefined, '', 'Bearer', 'Bearer lp_test_nonsense', 'Basic abc'])(
    'authorization %j is 401 with a problem',
    async (authorization) => {
      const answer = await fetch(`${system.api.url}/api/approval-requests`, {
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      const problem = await answer.json();
      expect(problem).toMatchObject({
        status: 401,
        code: 'unauthenticated',
        instance: answer.headers.get('x-request-id'),
      });
      expect(JSON.stringify(problem)).not.toContain('nonsense');
    },
  );

  test('a revoked key is 401 immediately', async () => {
    const key = await makeKey({ name: 'short', owner: 'x', role: 'agent' });
    expect((await system.call(key.api_key, 'POST', '/api/ingest', action)).status).toBe(201);
    expect((await system.call(system.admin_api_key, 'DELETE', `/api/keys/${key.id}`)).status).toBe(200);
    expect((await system.call(key.api_key, 'POST', '/api/ingest', action)).status).toBe(401);
  });

  test('ids of another project, of another agent and of no request get the same 404', async () => {
    const { id } = await open();
    const other = await makeKey({ name: 'other', owner: 'other-agent', role: 'agent' });
    const unknown = `req_${'0'.repeat(26)}`;
    for (const path of ['', '/receipt']) {
      const answers = await Promise.all([
        system.call(foreignKey, 'GET', `/api/approval-requests/${id}${path}`),
        system.call(other.api_key, 'GET', `/api/approval-requests/${id}${path}`),
        system.call(system.agent_api_key, 'GET', `/api/approval-requests/${unknown}${path}`),
        system.call(system.agent_api_key, 'GET', `/api/approval-requests/whatever${path}`),
      ]);
      for (const { status, body } of answers)
        expect({ status, detail: body.detail }).toEqual({ status: 404, detail: answers[0]!.body.detail });
    }
    expect((await decide(id, { type: 'approve', payload_digest: `sha256:${'0'.repeat(64)}` }, foreignKey)).status).toBe(
      404,
    );
    expect((await system.call(other.api_key, 'GET', '/api/approval-requests')).body.items).toEqual([]);
  });

  describe("an agent's key sees the requests of its owner, within its services", () => {
    const agentKey = async (owner: string, services?: string[]) =>
      (await makeKey({ name: 'n', owner, role: 'agent', ...(services && { services }) })).api_key as string;
    const paths = (id: string): [string, string, object?][] => [
      ['GET', `/api/status/${id}`],
      ['GET', `/api/approval-requests/${id}`],
      ['POST', `/api/approval-requests/${id}/executed`, { payload_digest: `sha256:${'0'.repeat(64)}` }],
      ['POST', `/api/approval-requests/${id}/cancel`, {}],
    ];
    const statuses = async (key: string, id: string) =>
      Promise.all(paths(id).map(async ([method, path, body]) => (await system.call(key, method, path, body)).status));
    const listed = async (key: string) =>
      (await system.call(key, 'GET', '/api/approval-requests')).body.items.map((item: { id: string }) => item.id);

    test('a new key takes over from a revoked one', async () => {
      const old = await makeKey({ name: 'old', owner: 'rotating', role: 'agent' });
      const { id } = (await system.call(old.api_key, 'POST', '/api/ingest', action)).body;
      await system.call(system.admin_api_key, 'DELETE', `/api/keys/${old.id}`);
      const fresh = await agentKey('rotating');
      expect(await listed(fresh)).toEqual([id]);
      expect(await statuses(fresh, id)).toEqual([200, 200, 409, expect.toBeOneOf([200, 202])]);
    });

    test('a key for other services does not', async () => {
      const first = await agentKey('limited', [action.service]);
      const { id } = (await system.call(first, 'POST', '/api/ingest', action)).body;
      const [same, other] = [await agentKey('limited', [action.service, 'x']), await agentKey('limited', ['x'])];
      expect(await listed(same)).toEqual([id]);
      expect(await listed(other)).toEqual([]);
      expect(await statuses(other, id)).toEqual([404, 404, 404, 404]);
      expect((await statuses(same, id)).slice(0, 2)).toEqual([200, 200]);
    });

    test('events too, and an Idempotency-Key belongs to one key', async () => {
      const [first, second, stranger] = [await agentKey('heard'), await agentKey('heard'), await agentKey('deaf')];
      const hear = async (key: string) => {
        const end = new AbortController();
        const answer = await fetch(`${system.api.url}/api/events`, {
          headers: { authorization: `Bearer ${key}` },
          signal: end.signal,
        });
        const heard = { text: '', stop: () => end.abort() };
        (async () => {
          for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) heard.text += part;
        })().catch(() => {});
        return heard;
      };
      const [theirs, others] = [await hear(second), await hear(stranger)];
      const headers = { 'idempotency-key': 'same' };
      const { id } = (await system.call(first, 'POST', '/api/ingest', action, headers)).body;
      await vi.waitFor(() => expect(theirs.text).toContain(id), { timeout: 5_000 });
      expect(others.text).not.toContain(id);
      expect((await system.call(second, 'POST', '/api/ingest', action, headers)).body.id).not.toBe(id);
      theirs.stop();
      others.stop();
    });
  });

  test("an agent's key cannot decide, and an owner's second key cannot decide their own request", async () => {
    const { id, payload_digest } = await open();
    expect(await decide(id, { type: 'approve', payload_digest }, system.agent_api_key)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    const second = await makeKey({ name: 'second', owner: 'dev-agent', role: 'approver' });
    expect(await decide(id, { type: 'approve', payload_digest }, second.api_key)).toMatchObject({
      status: 403,
      body: { code: 'own_request' },
    });
    for (const path of ['/api/policy', '/api/keys'])
      for (const key of [system.agent_api_key, system.approver_api_key])
        expect((await system.call(key, 'GET', path)).status).toBe(403);
    expect((await system.call(system.approver_api_key, 'POST', '/api/ingest', action)).status).toBe(403);
  });

  test('a key limited to services is refused for any other service', async () => {
    const { api_key } = await makeKey({ name: 'bound', owner: 'bound', role: 'agent', services: ['crm'] });
    expect((await system.call(api_key, 'POST', '/api/ingest', { ...action, service: 'crm' })).status).toBe(201);
    expect((await system.call(api_key, 'POST', '/api/ingest', action)).status).toBe(403);
  });

  test('without a key a foreign Host is refused (DNS rebinding)', async () => {
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve) => {
      const { port } = new URL(system.api.url);
      request(
        {
          host: '127.0.0.1',
          port,
          path: '/api/approval-requests',
          headers: { host: 'rebound.example', cookie: `letsping=${'a'.repeat(43)}` },
        },
        (res) => resolve(res.statusCode),
      ).end();
    });
    expect(status).toBe(404);
  });
});

describe('bodies', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  test.each([
    ['{"service":"a","action":"b","payload":{"x":1,"x":2}}', '/payload/x'],
    ['{"service":"a","action":"b","payload":{"__proto__":{"admin":true}}}', '/payload/__proto__'],
    ['{"service":"a","action":"b","payload":{"n":9007199254740993}}', '/payload/n'],
    ['{"service":"a","action":"b","payload":{"s":"\\ud800"}}', '/payload/s'],
    ['{"service":"a","action":"b","payload":{"n":NaN}}', '/payload/n'],
    ['{"service":"a","action":"b","payload":[]}', '/payload'],
    ['{"service":"a","action":7,"payload":{}}', '/action'],
    ['{"service":"a","payload":{}}', '/action'],
    ['{"service":"a","action":"b","payload":{},"priority":"urgent"}', '/priority'],
    ['{"service":"a","action":"b","payload":{},"expires_in_ms":999}', '/expires_in_ms'],
  ])('%s is 400 with the pointer %s', async (body, pointer) => {
    const answer = await ingest(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
    expect(answer.body.code).toBe('LETSPING_400');
  });

  test.each([
    '',
    'not json',
    '{"a":1,}',
    `{"service":"a","action":"b","payload":{"x":${nested(120_000)}}}`,
    '[]',
    'null',
  ])('%.40j is 400', async (body) => {
    expect((await ingest(body)).status).toBe(400);
  });

  test('too large is 413, another charset or bytes that are not UTF-8 are 415', async () => {
    expect(await ingest(JSON.stringify({ ...action, payload: { x: 'a'.repeat(4 * 1024 * 1024) } }))).toMatchObject({
      status: 413,
    });
    expect((await ingest(JSON.stringify(action), { 'content-type': 'application/json; charset=utf-7' })).status).toBe(
      415,
    );
    expect((await ingest(JSON.stringify(action), { 'content-type': 'text/plain' })).status).toBe(415);
    const latin1 = await fetch(`${system.api.url}/api/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.agent_api_key}`, 'content-type': 'application/json' },
      body: Buffer.from('{"service":"caf\u00e9","action":"b","payload":{}}', 'latin1'),
    });
    expect(latin1.status).toBe(415);
  });

  test.each([
    ['application/json', 201],
    ['Application/JSON ; Charset="UTF-8"', 201],
    ['application/vnd.agent+json;charset=utf8', 201],
    ['application/json; charset=utf-8; charset=utf-7', 201],
    ['application/json; charset=utf-7; charset=utf-8', 415],
    ['application/json; charset="utf-7', 415],
    ['application/json; charset', 415],
    ['application/json; x="; charset=utf-8"; charset=utf-16', 415],
    ['application/json, text/plain', 415],
    ['application/jsonp', 415],
  ])('the media type %s is %d', async (type, status) => {
    expect((await ingest(JSON.stringify(action), { 'content-type': type })).status).toBe(status);
  });

  test('what this release does not support is 422, not ignored', async () => {
    expect(await ingest({ ...action, metadata: { role: 'finance' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/metadata/role' }] },
    });
    expect(await ingest({ ...action, metadata: { callback_url: 'http://127.0.0.1/x' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/metadata/callback_url' }] },
    });
  });

  test('a hostile or broken schema is ignored, and the answer says so', async () => {
    expect((await ingest({ ...action, schema: { $ref: 'https://example.com/x.json' } })).body.schema_ignored).toMatch(
      /another document/,
    );
    expect((await ingest({ ...action, schema: { type: 'nonsense' } })).body.schema_ignored).toMatch(
      /schema is invalid/,
    );
    expect(
      (
        await ingest({
          ...action,
          schema: { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
        })
      ).body.schema_ignored,
    ).toBeUndefined();
  });

  test('a decision without a digest is 400, with a stale one 412, with an unknown member 400', async () => {
    const { id, payload_digest } = await open();
    expect(await decide(id, { type: 'approve' })).toMatchObject({
      status: 400,
      body: { code: 'payload_digest_required' },
    });
    expect(await decide(id, { type: 'approve', payload_digest: `sha256:${'0'.repeat(64)}` })).toMatchObject({
      status: 412,
      body: { code: 'payload_changed' },
    });
    expect((await decide(id, { type: 'approve', payload_digest, actor: 'somebody-else' })).status).toBe(400);
    expect((await decide(id, { type: 'reject', payload_digest })).status).toBe(400);
    expect((await decide(id, { type: 'patch', payload_digest, patched_payload: {} })).status).toBe(422);
    expect((await decide(id, { type: 'patch', payload_digest, patched_payload: action.payload })).status).toBe(400);
  });
});

describe('text that cannot be stored, and bodies that are not what they say', () => {
  const NUL = 'a\0b';
  test.each([
    ['service', { ...action, service: NUL }],
    ['action', { ...action, action: NUL }],
    ['thread id', { ...action, context: { thread_id: NUL } }],
    ['node', { ...action, context: { node: NUL } }],
    ['metadata', { ...action, metadata: { trace_id: NUL } }],
  ])('NUL in the %s of a proposed action is 400', async (_, body) => {
    expect((await ingest(body)).status).toBe(400);
  });

  test.each([
    ['name of a key', 'POST', '/api/keys', { name: NUL, owner: 'x', role: 'agent' }],
    ['owner of a key', 'POST', '/api/keys', { name: 'x', owner: NUL, role: 'agent' }],
    ['services of a key', 'POST', '/api/keys', { name: 'x', owner: 'x', role: 'agent', services: [NUL] }],
    ['pattern of a policy', 'PUT', '/api/policy', { routes: [{ service: NUL, routing: 'review_all' }] }],
    [
      'JSON Schema of a policy',
      'PUT',
      '/api/policy',
      { guardrails: [{ kind: 'json_schema', schema: { properties: { [NUL]: {} } } }] },
    ],
    ['reason for a policy', 'PUT', '/api/policy?reason=%00', {}],
    ['filter of a list', 'GET', '/api/approval-requests?service=a%00b', undefined],
    ['thread of a list', 'GET', '/api/approval-requests?thread_id=%00', undefined],
    ['cursor of a list', 'GET', '/api/approval-requests?cursor=%00', undefined],
    ['version of a policy', 'GET', '/api/policy/versions?before=9007199254740991', undefined],
  ])('what cannot be stored in the %s is 400', async (_, method, path, body) => {
    expect((await system.call(system.admin_api_key, method, path, body)).status).toBe(400);
  });

  test('NUL in an id of the path is 404, in a payload it is kept', async () => {
    expect((await system.call(system.agent_api_key, 'GET', '/api/approval-requests/req_%00')).status).toBe(404);
    const { body } = await ingest({ ...action, payload: { [NUL]: NUL } });
    const shown = await system.call(system.agent_api_key, 'GET', `/api/approval-requests/${body.id}`);
    expect(shown.body.payload).toEqual({ [NUL]: NUL });
  });

  test.each(['gzip', 'deflate', 'br'])('a body that is not %s is 400', async (encoding) => {
    const headers = { 'content-encoding': encoding };
    expect(await ingest(action, headers)).toMatchObject({ status: 400, body: { code: 'LETSPING_400' } });
    expect(await system.call(system.admin_api_key, 'PUT', '/api/policy', {}, headers)).toMatchObject({
      status: 400,
      body: { code: 'malformed_body' },
    });
  });
});

describe('Idempotency-Key', () => {
  test('a repeat gets the first answer, another body 422, and a hundred at once make one request', async () => {
    const key = { 'idempotency-key': 'order-7' };
    const first = await ingest(action, key);
    const again = await ingest(action, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await ingest({ ...action, action: 'other' }, key)).status).toBe(422);
    expect((await ingest({ ...action, priority: 'urgent' }, { 'idempotency-key': 'order-9' })).status).toBe(400);
    expect((await ingest({ ...action, metadata: { role: 'finance' } }, { 'idempotency-key': 'order-9' })).status).toBe(
      422,
    );
    expect((await ingest(action, { 'idempotency-key': 'order-9' })).status).toBe(201);
    const many = await Promise.all(Array.from({ length: 100 }, () => ingest(action, { 'idempotency-key': 'order-8' })));
    expect(new Set(many.filter(({ status }) => status === 201).map(({ body }) => body.id)).size).toBe(1);
    for (const { status } of many) expect([201, 409]).toContain(status);
  });
});
