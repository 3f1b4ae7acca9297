import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
let ana: string;
let bo: string;
beforeAll(async () => {
  system = await createSystem({ policy: { widening_patches: 'second_approver' } });
  await system.startWorker();
  [ana, bo] = [await signIn('ana'), await signIn('bo')];
});
afterAll(() => system.stop());
const { open, send, signIn } = visitorOf(() => system);

/** A request with a waiting patch by ana, sent by the form. */
async function proposed() {
  const { id, payload_digest } = await open({ url: 'https://api.example.com/v1', n: 1 });
  const patched = await send(`/requests/${id}/decision`, {
    cookie: ana,
    fields: {
      type: 'patch',
      payload_digest,
      patched_payload: '{"url": "http://169.254.169.254/latest/meta-data", "n": 1}',
    },
  });
  expect(patched).toMatchObject({ status: 303, location: `/requests/${id}#proposal` });
  const { proposed_patch } = (await system.call(system.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body;
  return { id, payload_digest, patched_digest: proposed_patch.payload_digest as string };
}

test('the author sees that the patch waits, and what happens next', async () => {
  const { id, patched_digest } = await proposed();
  const { text } = await send(`/requests/${id}`, { cookie: ana });
  expect(text).toContain('A patch waits for a second approver');
  expect(text).toContain('Waiting for a second approver.');
  expect(text).toContain('it runs when another person approves it');
  expect(text).toContain(`<code>${patched_digest}</code>`);
  expect(text).not.toContain('Approve the patched action');
  expect(text).not.toContain(`name="payload_digest" value="${patched_digest}"`);
  // A hand-made form.
  const own = await send(`/requests/${id}/decision`, {
    cookie: ana,
    fields: { type: 'approve', payload_digest: patched_digest },
  });
  expect(own.status).toBe(403);
  expect(own.text).toContain('You made this patch yourself');
});

test('another person sees the proposal and its findings, and approves it by a form', async () => {
  const { id, patched_digest } = await proposed();
  const { text } = await send(`/requests/${id}`, { cookie: bo });
  expect(text).toContain('ana proposes this payload instead of the original');
  expect(text).toMatch(/<li>url: .*169\.254\.169\.254.*<\/li>/);
  expect(text).toContain('<code>egress/metadata</code>');
  expect(text).toContain('Approve the patched action');
  expect(text).toContain('Approve the original');
  expect(text).toContain('Decide on the original');
  expect(text).not.toContain('Waiting for a second approver.');
  expect(text.match(/ id="([^"]+)"/g)).toHaveLength(new Set(text.match(/ id="([^"]+)"/g)).size);
  expect(text).not.toMatch(/ style=| on\w+=|<style/);

  const decided = await send(`/requests/${id}/decision`, {
    cookie: bo,
    fields: { type: 'approve', payload_digest: patched_digest },
  });
  expect(decided).toMatchObject({ status: 303, location: `/requests/${id}#outcome` });
  const after = await send(`/requests/${id}`, { cookie: ana });
  expect(after.text).toContain('Approved with modifications by bo');
  expect(after.text).toContain('Two people agreed: ana made the patch, bo approved it.');
  expect(after.text).toContain('What runs instead');
  expect(after.text).not.toContain('waits for a second approver</h2>');
});

test('another person rejects with the form of the patch', async () => {
  const { id, patched_digest } = await proposed();
  const without = await send(`/requests/${id}/decision`, {
    cookie: bo,
    fields: { type: 'reject', reason: ' ', payload_digest: patched_digest },
  });
  expect(without).toMatchObject({ status: 400 });
  const decided = await send(`/requests/${id}/decision`, {
    cookie: bo,
    fields: { type: 'reject', reason: 'no metadata', payload_digest: patched_digest },
  });
  expect(decided.status).toBe(303);
  const { text } = await send(`/requests/${id}`, { cookie: bo });
  expect(text).toContain('Rejected by bo');
  expect(text).not.toContain('What runs instead');
});

test('the requester can decide neither', async () => {
  const { id } = await proposed();
  const { text } = await send(`/requests/${id}`, { cookie: await signIn('dev-agent') });
  expect(text).toContain('A patch waits for a second approver');
  expect(text).not.toContain('data-decide');
});
