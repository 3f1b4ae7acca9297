import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem({
    policy: {
      default_routing: 'review_flagged',
      routes: [{ service: 'never', routing: 'review_flagged', block: ['egress'] }],
    },
  });
});
afterAll(() => system.stop());

const ingest = (body: object) => system.call(system.agent_api_key, 'POST', '/api/ingest', body);
const admin = (method: string, path: string, body?: unknown) => system.call(system.admin_api_key, method, path, body);

describe('an action that needs no person', () => {
  test('is approved with a receipt when it is allowed, and starts no workflow', async () => {
    const { status, body } = await ingest({ service: 'crm', action: 'read', payload: { q: 'acme' } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'APPROVED',
      verdict: 'allow',
      findings: [],
      held_by: null,
      outcome: { status: 'approved', cause: 'firewall' },
    });
    expect(
      (await system.call(system.agent_api_key, 'GET', `/api/approval-requests/${body.id}/receipt`)).headers.get(
        'content-type',
      ),
    ).toContain('application/jose');
    await expect(system.temporal.workflow.getHandle(`approval/${body.id}`).describe()).rejects.toThrow();
  });

  test('is REJECTED with the guardrail when it is blocked, never 403', async () => {
    const { status, body } = await ingest({
      service: 'never',
      action: 'get',
      payload: { url: 'http://169.254.169.254/latest/' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'REJECTED', verdict: 'block', outcome: { cause: 'firewall' } });
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${body.id}`)).body.metadata.reason).toMatch(
      /^egress\/metadata: /,
    );
  });
});

test('an execution is reported once, with the approved digest', async () => {
  const { body } = await ingest({ service: 'crm', action: 'read', payload: { q: 1 } });
  const report = (payload_digest: string) =>
    system.call(system.agent_api_key, 'POST', `/api/approval-requests/${body.id}/executed`, { payload_digest });
  expect(await report(`sha256:${'0'.repeat(64)}`)).toMatchObject({ status: 409, body: { code: 'digest_mismatch' } });
  expect((await report(body.payload_digest)).status).toBe(201);
  expect(await report(body.payload_digest)).toMatchObject({ status: 409, body: { code: 'executed_already' } });
  const { timeline } = (await admin('GET', `/api/approval-requests/${body.id}`)).body;
  expect(timeline.map(({ event }: { event: string }) => event)).toEqual(
    expect.arrayContaining(['executed', 'incident']),
  );
  const held = await ingest({ service: 'x', action: 'y', payload: { url: 'http://127.0.0.1/' } });
  expect(
    await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${held.body.id}/executed`, {
      payload_digest: held.body.payload_digest,
    }),
  ).toMatchObject({ status: 409, body: { code: 'not_approved' } });
});

test('requests are listed in pages, newest first, and filtered', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++)
    ids.push(
      (await ingest({ service: 'paged', action: `a${i}`, payload: {}, context: { thread_id: 't/1', node: 'n' } })).body
        .id,
    );
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await admin('GET', `/api/approval-requests?service=paged&limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.next ?? '';
  } while (cursor);
  expect(seen).toEqual([...ids].reverse());
  expect((await admin('GET', '/api/approval-requests?thread_id=t/1&action=a3')).body.items).toMatchObject([
    { id: ids[3], thread_id: 't/1', node: 'n' },
  ]);
  expect((await admin('GET', '/api/approval-requests?status=pending&service=paged')).body).toEqual({
    items: [],
    not_authentic: 0,
    next: null,
  });
  for (const wrong of ['limit=0', 'limit=201', 'status=open', 'cursor=zzz', 'colour=red'])
    expect((await admin('GET', `/api/approval-requests?${wrong}`)).status).toBe(400);
});

test('a cursor is the text that the API wrote, and no other that decodes alike', async () => {
  const id = newId('req');
  const cursor = (text: string) => Buffer.from(text).toString('base64url');
  const good = cursor(`2026-01-01T00:00:00.000Z ${id}`);
  const answer = async (text: string) =>
    (await admin('GET', `/api/approval-requests?cursor=${encodeURIComponent(text)}`)).status;
  expect(await answer(good)).toBe(200);
  for (const wrong of [
    `${good}=`,
    `${good.slice(0, 8)}*${good.slice(8)}`,
    cursor(`2026-01-01 ${id}`),
    cursor(`1 ${id}`),
    cursor(`2026-02-31T00:00:00.000Z ${id}`),
    cursor(`2026-13-01T00:00:00.000Z ${id}`),
    cursor(`+275760-01-01T00:00:00.000Z ${id}`),
    cursor(`2026-01-01T00:00:00.000Z ${id} more`),
  ])
    expect(await answer(wrong)).toBe(400);
});

test('a policy is versioned, and loosening it needs a reason', async () => {
  const before = (await admin('GET', '/api/policy')).body;
  const looser = { ...before.policy, default_routing: 'observe' };
  expect(await admin('PUT', '/api/policy', looser)).toMatchObject({
    status: 422,
    body: { errors: [{ detail: expect.stringContaining('review_flagged → observe') }] },
  });
  const put = await admin('PUT', '/api/policy?reason=to+see+it+pass', looser);
  expect(put).toMatchObject({
    status: 200,
    body: { version: before.version + 1, policy: { default_routing: 'observe' }, created_by: 'dev-admin' },
  });
  expect(put.body.digest).not.toBe(before.digest);
  expect((await ingest({ service: 'x', action: 'y', payload: { url: 'http://127.0.0.1/' } })).body).toMatchObject({
    verdict: 'allow',
    findings: [{ id: expect.stringMatching(/^egress/) }],
  });
  expect((await admin('PUT', '/api/policy', { default_routing: 'sometimes' })).status).toBe(400);
  expect((await admin('PUT', '/api/policy', { unknown_member: 1 })).status).toBe(400);
  await admin('PUT', '/api/policy', before.policy);
});

test('keys are shown once, listed without their secret, and revoked', async () => {
  const made = await admin('POST', '/api/keys', { name: 'ci', owner: 'ana', role: 'approver' });
  expect(made.body.api_key).toMatch(/^lp_test_/);
  const { items } = (await admin('GET', '/api/keys')).body;
  expect(items.find(({ id }: { id: string }) => id === made.body.id)).toMatchObject({
    owner: 'ana',
    role: 'approver',
    revoked_at: null,
  });
  expect(JSON.stringify(items)).not.toContain(made.body.api_key.slice(40, 60));
  expect((await admin('DELETE', `/api/keys/${made.body.id}`)).body.revoked_at).not.toBeNull();
  expect((await admin('POST', '/api/keys', { name: 'x', owner: 'ana@example.com', role: 'approver' })).status).toBe(
    400,
  );
});

test('the second read of a pending request is held and answered when it is resolved', async () => {
  const { body } = await ingest({ service: 'x', action: 'y', payload: { url: 'http://127.0.0.1/' } });
  const path = `/api/status/${body.id}`;
  let started = Date.now();
  expect((await system.call(system.agent_api_key, 'GET', path)).body.status).toBe('PENDING');
  expect(Date.now() - started).toBeLessThan(1_000);
  started = Date.now();
  const waiting = system.call(system.agent_api_key, 'GET', path);
  const first = await Promise.race([
    waiting.then(() => 'answered'),
    new Promise((resolve) => setTimeout(() => resolve('held'), 700)),
  ]);
  expect(first).toBe('held');
  await system.startWorker();
  await system.call(system.approver_api_key, 'POST', `/api/approval-requests/${body.id}/decisions`, {
    type: 'reject',
    reason: 'no',
    payload_digest: body.payload_digest,
  });
  expect((await waiting).body).toMatchObject({
    status: 'REJECTED',
    reason: 'no',
    rejection_reason: 'no',
    metadata: { reason: 'no', method: 'api', actor_id: 'dev-approver' },
  });
});

test('an event stream carries only events that its key may see', async () => {
  const listen = async (key: string) => {
    const gone = new AbortController();
    const answer = await fetch(`${system.api.url}/api/events`, {
      headers: { authorization: `Bearer ${key}` },
      signal: gone.signal,
    });
    let text = '';
    void (async () => {
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
        text += new TextDecoder().decode(chunk);
    })().catch(() => {});
    return { text: () => text, stop: () => gone.abort() };
  };
  const other = (await admin('POST', '/api/keys', { name: 'o', owner: 'o', role: 'agent' })).body.api_key;
  const [mine, theirs] = [await listen(system.approver_api_key), await listen(other)];
  const { body } = await ingest({ service: 'crm', action: 'read', payload: { secret: 'canary-in-event' } });
  await expect.poll(mine.text).toMatch(new RegExp(`event: approval_request.resolved\\ndata: .*${body.id}`));
  expect(mine.text()).toContain('approval_request.opened');
  expect(mine.text()).not.toContain('canary');
  expect(theirs.text()).not.toContain(body.id);
  mine.stop();
  theirs.stop();
});

test('wire routes work at the root too, and with repeated slashes', async () => {
  for (const path of ['/ingest', '//ingest', '/api//ingest']) {
    expect(
      (
        await system.call(system.agent_api_key, 'POST', path, {
          service: 'a',
          action: 'b',
          payload: { _lp_meta: { environment: 'local' }, x: 1 },
        })
      ).status,
    ).toBe(201);
  }
});

test('readyz is 200 and the public keys are published, without their private part', async () => {
  expect((await fetch(`${system.api.url}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${system.api.url}/.well-known/jwks.json`)).json()).toMatchObject({
    keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: expect.any(String) }],
  });
  expect(JSON.stringify(await (await fetch(`${system.api.url}/.well-known/jwks.json`)).json())).not.toContain('"d"');
});

test('a key for an owner that looks like another one, or like a bot, is refused', async () => {
  const make = (owner: string) => admin('POST', '/api/keys', { name: 'x', owner, role: 'approver' });
  expect(await make('DEV-AGENT')).toMatchObject({ status: 422, body: { errors: [{ pointer: '/owner' }] } });
  for (const owner of ['dev-agent\u200b', 'dev-аgent', 'bot:slack'])
    expect(await make(owner)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/owner' }] } });
  expect((await make('dev-agent')).status).toBe(201);
});
