import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { payloadDigest, saltBytes } from '../../domain/digest.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_flagged' } });
  await system.startWorker();
});
afterAll(() => system.stop());

const { decide, detail } = approvalsOf(() => system);
const note = 'The parcel of last week came back to us. ';
const action = (more: object = {}) => ({
  service: 'support',
  action: 'add_comment',
  payload: { text: note.repeat(2_000), ...more },
});
const ingest = (body: unknown, headers?: Record<string, string>) =>
  system.call(system.agent_api_key, 'POST', '/api/ingest', body, headers);
const metric = async (pattern: RegExp) => Number(pattern.exec(await system.api.metrics.registry.metrics())?.[1] ?? 0);

test('a large call is allowed, held, decided and counted like a small one', async () => {
  const allowed = await ingest(action());
  expect([allowed.status, allowed.body.status, allowed.body.verdict]).toEqual([201, 'APPROVED', 'allow']);
  expect(payloadDigest(saltBytes(allowed.body.digest_salt), action())).toBe(allowed.body.payload_digest);

  const held = await ingest(action({ command: 'rm -rf /' }));
  expect([held.status, held.body.status]).toEqual([201, 'PENDING']);
  const decided = await decide(held.body.id, {
    type: 'patch',
    payload_digest: held.body.payload_digest,
    patched_payload: action({ seen: true }).payload,
  });
  expect([decided.status, decided.body.outcome]).toMatchObject([201, { status: 'approved', modified: true }]);
  expect(await detail(held.body.id)).toMatchObject({ status: 'approved' });

  await vi.waitFor(async () => {
    expect(await metric(/approvals_requests_total\{verdict="allow"\} (\d+)/)).toBe(1);
    expect(await metric(/approvals_requests_total\{verdict="hold"\} (\d+)/)).toBe(1);
    expect(await metric(/_count\{[^}]*route="\/api\/ingest",[^}]*status="201"[^}]*\} (\d+)/)).toBe(2);
  });
});

test('an Idempotency-Key works across both threads', async () => {
  const headers = { 'idempotency-key': randomBytes(8).toString('hex') };
  const [first, second] = [await ingest(action(), headers), await ingest(action(), headers)];
  expect(second.body).toEqual(first.body);
  expect((await ingest({ ...action(), payload: {} }, headers)).body.code).toBe('LETSPING_422');
});

test('a wrong large body gets the same refusal as a small one, and one without a key is refused unread', async () => {
  expect(await ingest(`{"service":"${note.repeat(1_000)}`)).toMatchObject({ status: 400 });
  const tooLarge = await ingest(action({ more: 'x'.repeat(4_300_000) }));
  expect([tooLarge.status, tooLarge.body.detail]).toEqual([413, expect.stringContaining('4 MB')]);
  const many = await ingest(action({ rows: Array.from({ length: 30_000 }, () => 1) }));
  expect([many.status, many.body.detail]).toEqual([400, 'The body holds too many values.']);
  expect((await system.call('lp_test_nobody', 'POST', '/api/ingest', action())).status).toBe(401);
});
