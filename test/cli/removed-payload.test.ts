import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSettle, createSettleByHint } from '../../activities/settle.ts';
import { show } from '../../cli/commands/show.ts';
import { verify } from '../../cli/commands/verify.ts';
import type { WorkerActivities } from '../../contracts/activities.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { removePayloads } from '../../storage/retention/remove-payloads.ts';
import { activityDeps } from '../helpers/activities.ts';
import { recordDecision } from '../helpers/record-decision.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';
import { run } from './run.ts';

let system: TestSystem;
let settle: WorkerActivities['settle'];
beforeAll(async () => {
  system = await createSystem({ env: { LETSPING_STATUS_HOLD_MS: '0' } });
  const { stores, signer } = await activityDeps(system);
  settle = createSettle({ settle: createSettleByHint({ ledger: stores.ledger, signer }), incidents: stores.incidents });
});
const folder = mkdtempSync(join(tmpdir(), 'letsping-retention-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await system?.stop();
});

/** A retention time that is over at once. */
async function remove(): Promise<void> {
  const { pool } = system.database;
  const sealer = await createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(pool)).sealer(
    system.project_id,
  );
  await inProject(pool, system.project_id, (tx) => removePayloads(tx, sealer, 0, 100, undefined));
}

test('every surface says that the payload was removed; nothing runs or is decided by it, and its receipt verifies', async () => {
  const { agent_api_key: agent, approver_api_key: approver } = system;
  const opened = await system.call(agent, 'POST', '/api/ingest', {
    ...{ service: 'crm', action: 'refund', payload: { account: 'c4nary' } },
  });
  const { id, payload_digest } = opened.body;
  const pending = (await system.call(agent, 'POST', '/api/ingest', { service: 'crm', action: 'b', payload: { n: 1 } }))
    .body;
  const decision_id = newId('dec');
  await recordDecision(system, { id: decision_id, request_id: id, type: 'approve', actor: 'ana', payload_digest });
  const ref = { project_id: system.project_id, request_id: id };
  await settle(ref, { status: 'approved', cause: 'person', verified: true, payload_digest, decision_id });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await remove();

  const path = `/api/approval-requests/${id}`;
  const detail = await system.call(approver, 'GET', path);
  expect(detail).toMatchObject({ status: 200, body: { status: 'approved', payload: {}, payload_digest } });
  expect(detail.body.payload_removed_at).toMatch(/Z$/);
  expect(detail.text).not.toContain('c4nary');
  const waiting = await system.call(approver, 'GET', `/api/approval-requests/${pending.id}`);
  expect(waiting.body).toMatchObject({ payload: { n: 1 }, payload_removed_at: null });

  const gone = { status: 410, body: { detail: expect.stringContaining('was removed at') } };
  expect(await system.call(agent, 'GET', `/api/status/${id}`)).toMatchObject({
    ...gone,
    body: { code: 'LETSPING_410' },
  });
  const claim = { 'x-letsping-claim': randomBytes(32).toString('base64url') };
  expect(await system.call(agent, 'POST', `${path}/claim`, { payload_digest }, claim)).toMatchObject(gone);
  expect(await system.call(approver, 'POST', `${path}/decisions`, { type: 'approve', payload_digest })).toMatchObject(
    gone,
  );
  // It says what was done, and lets nothing run.
  expect((await system.call(agent, 'POST', `${path}/executed`, { payload_digest })).status).toBe(201);

  const { send, signIn } = visitorOf(() => system);
  const page = await send(`/requests/${id}`, { cookie: await signIn() });
  expect(page.status).toBe(200);
  expect(page.text).toContain('Payload removed');
  expect(page.text).not.toContain('c4nary');

  const env = { LETSPING_API_KEY: approver, LETSPING_BASE_URL: system.api.url };
  const shown = await run(show, [id], env);
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('after the retention time') });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const receipt = file('receipt', (await run(show, [id, '--receipt'], env)).out);
  const keys = file('keys', (await system.call(agent, 'GET', '/.well-known/jwks.json')).text);
  expect(await run(verify, [receipt, '--keys', keys])).toMatchObject({ code: 0 });
});
