import { afterAll, beforeAll, expect, test } from 'vitest';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
let bo: string;
beforeAll(async () => {
  system = await createSystem({ policy: { widening_patches: 'second_approver' } });
  await system.startWorker();
  bo = await system.approver('bo');
});
afterAll(() => system.stop());

const widened = { url: 'http://169.254.169.254/latest/meta-data/' };
const held = async () =>
  (
    await system.call(system.agent_api_key, 'POST', '/api/ingest', {
      service: 's',
      action: 'a',
      payload: { url: 'https://api.example.com/' },
    })
  ).body as { id: string; payload_digest: string };
const { decide, detail } = approvalsOf(() => system);

test('the author of a patch gets 202 with the findings and 403 for approving it; the second approver gets 201, then 200', async () => {
  const ana = system.approver_api_key;
  const { id, payload_digest } = await held();
  const patch = { type: 'patch', patched_payload: widened, payload_digest };
  const proposed = await decide(id, patch, ana, { 'idempotency-key': 'once' });
  expect(proposed).toMatchObject({
    status: 202,
    body: { status: 'awaiting_second_approver', findings: [{ id: 'egress/metadata', pointer: '/url' }] },
  });
  expect(Object.keys(proposed.body).toSorted()).toEqual(['decision_id', 'findings', 'payload_digest', 'status']);
  // Repeated with its Idempotency-Key and without one: the same answer, and no second patch.
  const replayed = await decide(id, patch, ana, { 'idempotency-key': 'once' });
  expect(replayed.headers.get('idempotency-replayed')).toBe('true');
  for (const again of [replayed, await decide(id, patch, ana)])
    expect(again).toMatchObject({ status: 202, body: proposed.body });

  const { proposed_patch, payload_digest: requested } = await detail(id, bo);
  expect(proposed_patch).toMatchObject({
    decision_id: proposed.body.decision_id,
    by: 'dev-approver',
    payload: widened,
    payload_digest: proposed.body.payload_digest,
    digest_salt: expect.stringMatching(/^[\w-]{43}$/),
    findings: proposed.body.findings,
  });
  expect(requested).toBe(payload_digest);
  expect((await detail(id, system.agent_api_key)).proposed_patch).toBeNull();
  const status = await system.call(system.agent_api_key, 'GET', `/api/status/${id}`);
  expect(status.body).toMatchObject({ status: 'PENDING', payload_digest });
  expect(status.text).not.toContain('169.254');

  const approve = { type: 'approve', payload_digest: proposed.body.payload_digest };
  expect(await decide(id, approve, ana)).toMatchObject({ status: 403, body: { code: 'own_patch' } });
  expect(await decide(id, { ...patch, payload_digest: approve.payload_digest }, bo)).toMatchObject({ status: 412 });
  const approved = await decide(id, approve, bo, { 'idempotency-key': 'second' });
  expect(approved).toMatchObject({
    status: 201,
    body: { outcome: { status: 'approved', cause: 'person', modified: true }, decided_by: 'bo' },
  });
  for (const again of [await decide(id, approve, bo), await decide(id, approve, bo, { 'idempotency-key': 'another' })])
    expect(again).toMatchObject({ status: 200, body: approved.body });
  // Any other decision is answered with the resolution.
  for (const late of [
    await decide(id, { ...approve, payload_digest }, bo),
    await decide(id, patch, ana),
    await decide(id, approve, ana),
  ])
    expect(late).toMatchObject({ status: 409, body: { code: 'not_pending', standing: { decided_by: 'bo' } } });
});

test('of many second approvers at once, one gets 201 and the others 409', async () => {
  const { id, payload_digest } = await held();
  const { body } = await decide(id, { type: 'patch', patched_payload: widened, payload_digest }, bo);
  const keys = await Promise.all(Array.from({ length: 8 }, (_, i) => system.approver(`many-${i}`)));
  const answers = await Promise.all(
    keys.map((key) => decide(id, { type: 'approve', payload_digest: body.payload_digest }, key)),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(7).fill(409)]);
});

test('the event stream announces a proposed patch, without its payload', async () => {
  const { id, payload_digest } = await held();
  const gone = new AbortController();
  const stream = await fetch(`${system.api.url}/api/events`, {
    headers: { authorization: `Bearer ${bo}` },
    signal: gone.signal,
  });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  await decide(id, { type: 'patch', patched_payload: widened, payload_digest }, system.approver_api_key);
  let heard = '';
  while (!heard.includes('approval_request.patch_proposed')) heard += (await reader.read()).value ?? '';
  expect(heard).toContain(`"request_id":"${id}"`);
  expect(heard).not.toContain('169.254');
  gone.abort();
});

test('a newer patch replaces the proposed one, and the author of the older may approve it', async () => {
  const { id, payload_digest } = await held();
  await decide(id, { type: 'patch', patched_payload: widened, payload_digest }, bo);
  const other = { url: 'http://169.254.169.254/other' };
  const { body } = await decide(id, { type: 'patch', patched_payload: other, payload_digest }, system.approver_api_key);
  expect((await detail(id, bo)).proposed_patch).toMatchObject({ by: 'dev-approver', payload: other });
  expect(await decide(id, { type: 'approve', payload_digest: body.payload_digest }, bo)).toMatchObject({ status: 201 });
  expect((await detail(id, bo)).decision).toMatchObject({ patched_by: 'dev-approver', patched_payload: other });
});
