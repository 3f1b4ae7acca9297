import { existsSync, writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, test } from 'vitest';
import { JUNK, json, sendSignal } from '../faults/junk.ts';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/**
 * Records one history of each shape of `approvalV1`: `npm run histories`. An existing file is never overwritten: from the first
 * release tag on, recorded histories are frozen.
 */
/** Removed from stack traces, so that they name no folder of this machine. */
const ROOT = process.cwd();

let system: TestSystem;
let twoPeople: TestSystem;
beforeAll(async () => {
  system = await createSystem({ policy: { accept_unsigned_signals: true } });
  twoPeople = await createSystem({ policy: { widening_patches: 'second_approver' } });
});
afterAll(() => Promise.all([system.stop(), twoPeople.stop()]));

const open = async (extra: object = {}, on = system) =>
  (
    await on.call(on.agent_api_key, 'POST', '/api/ingest', {
      service: 's',
      action: 'a',
      payload: { n: 1 },
      ...extra,
    })
  ).body as { id: string; payload_digest: string };
const decide = (id: string, body: object, on = system, key = on.approver_api_key) =>
  on.call(key, 'POST', `/api/approval-requests/${id}/decisions`, body);
const handle = (id: string) => system.temporal.workflow.getHandle(`approval/${id}`);

async function record(name: string, id: string): Promise<void> {
  const file = new URL(`${name}.json`, import.meta.url);
  if (existsSync(file)) return;
  await handle(id)
    .result()
    .catch(() => {});
  const history = await handle(id).fetchHistory();
  writeFileSync(file, `${historyToJSON(history).replaceAll(`file://${ROOT}/`, '').replaceAll(`${ROOT}/`, '')}\n`);
}

test('records', async () => {
  const unanswered = await open();
  await decide(unanswered.id, { type: 'approve', payload_digest: unanswered.payload_digest }); // no worker: Update, then Signal
  await system.startWorker();
  await record('approval-v1-decided-without-a-worker', unanswered.id);

  const approved = await open();
  await decide(approved.id, { type: 'approve', payload_digest: approved.payload_digest });
  await record('approval-v1-approved', approved.id);

  const rejected = await open();
  await decide(rejected.id, { type: 'reject', reason: 'no', payload_digest: rejected.payload_digest });
  await record('approval-v1-rejected', rejected.id);

  const patched = await open();
  await decide(patched.id, { type: 'patch', patched_payload: { n: 2 }, payload_digest: patched.payload_digest });
  await record('approval-v1-patched', patched.id);

  const refused = await open();
  await decide(refused.id, {
    type: 'patch',
    patched_payload: { url: 'http://169.254.169.254/' },
    payload_digest: refused.payload_digest,
  });
  await decide(refused.id, { type: 'approve', payload_digest: refused.payload_digest });
  await record('approval-v1-patch-refused-then-approved', refused.id);

  const expired = await open({ expires_in_ms: 1_000 });
  await record('approval-v1-expired', expired.id);

  const cancelled = await open();
  await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${cancelled.id}/cancel`);
  await record('approval-v1-cancelled', cancelled.id);

  const signalled = await open();
  await started(system.temporal, signalled.id);
  await handle(signalled.id).signal('decide', {
    type: 'approve',
    actor: 'bot',
    payload_digest: signalled.payload_digest,
  });
  await record('approval-v1-signalled', signalled.id);

  const junk = await open();
  await started(system.temporal, junk.id);
  await handle(junk.id).signal('decide');
  await handle(junk.id).signal('decide_recorded', { decision_id: 1 });
  await decide(junk.id, { type: 'approve', payload_digest: junk.payload_digest });
  await record('approval-v1-junk-then-approved', junk.id);

  const unreadable = await open();
  await started(system.temporal, unreadable.id);
  for (const kind of ['encrypted', 'an external reference', 'bad JSON', 'no metadata'])
    for (const name of ['decide', 'decide_recorded', 'cancel_recorded'])
      await sendSignal(system.temporal, `approval/${unreadable.id}`, name, JUNK[kind]);
  await decide(unreadable.id, { type: 'approve', payload_digest: unreadable.payload_digest });
  await record('approval-v1-unreadable-then-approved', unreadable.id);

  const flooded = await open();
  await started(system.temporal, flooded.id);
  await Promise.all(
    Array.from({ length: 120 }, (_, at) =>
      sendSignal(system.temporal, `approval/${flooded.id}`, at % 2 ? 'decide' : 'decide_recorded', [json(at)]),
    ),
  );
  await decide(flooded.id, { type: 'approve', payload_digest: flooded.payload_digest });
  await record('approval-v1-flooded-then-approved', flooded.id);

  const forged = await open();
  await started(system.temporal, forged.id);
  await handle(forged.id).signal('decide_recorded', {
    decision_id: 'dec_x',
    type: 'approve',
    actor: 'mallory',
    payload_digest: forged.payload_digest,
  });
  await decide(forged.id, { type: 'approve', payload_digest: forged.payload_digest });
  await record('approval-v1-forged-then-approved', forged.id);

  await twoPeople.startWorker();
  const second = await twoPeople.approver('second');
  const widened = await open({}, twoPeople);
  const patch = { type: 'patch', patched_payload: { url: 'http://169.254.169.254/' } };
  const { body: proposal } = await decide(widened.id, { ...patch, payload_digest: widened.payload_digest }, twoPeople);
  await decide(widened.id, { type: 'approve', payload_digest: proposal.payload_digest }, twoPeople, second);
  await record('approval-v1-patch-approved-by-a-second', widened.id);
}, 120_000);
