import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
});
afterAll(() => system.stop());

test('an action is held, a person approves it, and the receipt names the person and the payload', async () => {
  const opened = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 'db-agent',
    action: 'sql',
    payload: { query: 'DROP TABLE users' },
  });
  expect(opened).toMatchObject({
    status: 201,
    body: {
      status: 'PENDING',
      verdict: 'hold',
      held_by: 'finding',
      findings: [{ id: 'sql/destructive', pointer: '/query' }],
    },
  });
  const { id, payload_digest } = opened.body;

  const decided = await system.call(system.approver_api_key, 'POST', `/api/approval-requests/${id}/decisions`, {
    type: 'approve',
    payload_digest,
  });
  expect(decided).toMatchObject({
    status: 201,
    body: { outcome: { status: 'approved', cause: 'person' }, decided_by: 'dev-approver', payload_digest },
  });

  const status = await system.call(system.agent_api_key, 'GET', `/api/status/${id}`);
  expect(status).toMatchObject({
    status: 200,
    body: {
      status: 'APPROVED',
      payload: { query: 'DROP TABLE users' },
      metadata: { actor_id: 'dev-approver', method: 'api' },
    },
  });

  const receipt = await system.call(system.agent_api_key, 'GET', `/api/approval-requests/${id}/receipt`);
  expect(decodeJwt(receipt.text)).toMatchObject({
    predicate: { outcome: 'approved', decided: { by: ['dev-approver'] }, executed: { payload_digest } },
  });
});
