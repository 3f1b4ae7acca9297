import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

/** What a caller relies on and this release does not do is refused with one sentence, and nothing is written. */
let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
});
afterAll(() => system.stop());
const { open, send, signIn } = visitorOf(() => system);

const action = { service: 'billing', action: 'refund', payload: { amount: 10 } };
const ingest = (body: object) => system.call(system.agent_api_key, 'POST', '/api/ingest', body);
const count = async () =>
  (await system.call(system.approver_api_key, 'GET', '/api/approval-requests')).body.items.length;

describe('an ingest', () => {
  test.each([
    { agent_id: 'agt_1' },
    { agent_signature: 'ab'.repeat(32) },
    { project_id: 'prj_foreign', agent_id: 'agt_1', agent_signature: 'ab'.repeat(32) },
    { project_id: 'prj_foreign' },
    { project_id: 7 },
    { project_id: '' },
    { state_snapshot: { step: 1 } },
    { role: 'admin' },
    { callback_url: 'https://hooks.example.com' },
  ])('with %j is refused', async (more) => {
    const before = await count();
    const answer = await ingest({ ...action, ...more });
    expect(answer).toMatchObject({ status: 422, body: { code: 'LETSPING_422' } });
    expect(answer.body.type).toMatch(/#invalid_value$/);
    expect(Object.keys(more)).toContain(answer.body.errors[0].pointer.slice(1));
    expect(answer.body.detail).toMatch(/refused, because nothing would read it/);
    expect(await count()).toBe(before);
  });

  test('with members that are null, the own project, or unknown to every protocol is taken', async () => {
    const own = { project_id: system.project_id, agent_id: null, agent_signature: null, state_snapshot: null, x: 1 };
    expect((await ingest({ ...action, ...own })).status).toBe(201);
  });
});

describe('a query or a body that a route does not read', () => {
  test.each([
    ['GET', '/api/keys?role=agent'],
    ['GET', '/api/policy?version=1'],
    ['GET', '/api/approval-requests?stauts=pending'],
    ['GET', '/api/policy/versions?since=7d'],
    ['PUT', '/api/policy?reson=because'],
  ])('%s %s is refused', async (method, path) => {
    const answer = await system.call(system.admin_api_key, method, path, method === 'PUT' ? {} : undefined);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test('a probe may have a query', async () => {
    expect((await fetch(`${system.api.url}/livez?probe=1`)).status).toBe(200);
  });

  test('a reason to cancel is refused, and an empty object is taken', async () => {
    const { id } = await open({ amount: 11 });
    const cancel = (body?: object) =>
      system.call(system.agent_api_key, 'POST', `/api/approval-requests/${id}/cancel`, body);
    expect(await cancel({ reason: 'changed my mind' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
    expect((await cancel({})).status).toBe(200);
  });
});

test('a policy that blocks an unknown name is refused, with the place', async () => {
  const policy = { routes: [{ service: 'crm', routing: 'observe', block: ['egress', 'egress/metdata'] }] };
  expect(await system.call(system.admin_api_key, 'PUT', '/api/policy', policy)).toMatchObject({
    status: 422,
    body: { code: 'invalid_value', errors: [{ pointer: '/routes/0/block/1' }] },
  });
});

describe('a payload that the client sealed', () => {
  const sealed = { _lp_enc: true, iv: 'AAAAAAAAAAAAAAAA', ct: 'c2VhbGVk' };

  test('can be rejected on the page, neither approved nor patched there, and approved by its digest', async () => {
    const cookie = await signIn();
    const { id, payload_digest } = await open(sealed);
    const { text } = await send(`/requests/${id}`, { cookie });
    expect(text).toContain('The client sealed this payload');
    expect(text).toContain(`letsping approve ${id} --digest ${payload_digest}`);
    expect(text).not.toMatch(/Approve exactly this|Approve the patch|What will run/);
    expect(text).toMatch(/value="reject"/);
    for (const fields of [
      { type: 'approve', payload_digest },
      { type: 'patch', payload_digest, patched_payload: '{"amount": 1}' },
    ]) {
      const answer = await send(`/requests/${id}/decision`, { cookie, fields });
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('it cannot be approved here');
    }
    expect((await system.call(system.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body.status).toBe(
      'pending',
    );
    const path = `/api/approval-requests/${id}/decisions`;
    const byKey = await system.call(system.approver_api_key, 'POST', path, { type: 'approve', payload_digest });
    expect(byKey).toMatchObject({ status: 201, body: { outcome: { status: 'approved' } } });
  });

  test('is rejected on the page', async () => {
    const cookie = await signIn();
    const { id, payload_digest } = await open(sealed);
    const fields = { type: 'reject', payload_digest, reason: 'not readable' };
    expect((await send(`/requests/${id}/decision`, { cookie, fields })).status).toBe(303);
  });

  test('a patch on the page may not seal the payload', async () => {
    const cookie = await signIn();
    const { id, payload_digest } = await open({ amount: 12 });
    const fields = { type: 'patch', payload_digest, patched_payload: JSON.stringify(sealed) };
    expect((await send(`/requests/${id}/decision`, { cookie, fields })).status).toBe(422);
  });
});
