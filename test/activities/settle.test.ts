import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { ACTIVITY, type WorkerActivities } from '../../contracts/activities.ts';
import type { Resolution } from '../../contracts/workflow.ts';
import { activityDeps } from '../helpers/activities.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { recordDecision } from '../helpers/record-decision.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** The attacker can run our activities with any arguments, and cannot write to the database. */
let system: TestSystem;
let bo: string;
let settle: WorkerActivities['settle'];
let screenPatch: WorkerActivities['screenPatch'];
beforeAll(async () => {
  system = await createSystem({ policy: { widening_patches: 'second_approver' } });
  await system.startWorker();
  bo = await system.approver('bo');
  ({ [ACTIVITY.settle]: settle, [ACTIVITY.screenPatch]: screenPatch } = createActivities(await activityDeps(system)));
});
afterAll(() => system.stop());

const widened = { url: 'http://169.254.169.254/latest/meta-data/' };
const { decide, detail } = approvalsOf(() => system);
const put = async (policy: object) => {
  const answer = await system.call(system.admin_api_key, 'PUT', '/api/policy?reason=test', policy);
  expect(answer.status).toBe(200);
};
const held = async () =>
  (await system.call(system.agent_api_key, 'POST', '/api/ingest', { service: 's', action: 'a', payload: { n: 1 } }))
    .body as { id: string; payload_digest: string };
/** A request with a waiting patch, and what an attacker needs to refer to it. */
async function proposed() {
  const { id, payload_digest } = await held();
  const { status, body } = await decide(id, { type: 'patch', patched_payload: widened, payload_digest });
  expect(status).toBe(202);
  const attempt = (given: Partial<Resolution>) =>
    settle(
      { project_id: system.project_id, request_id: id },
      { status: 'approved', cause: 'person', verified: true, payload_digest: body.payload_digest, ...given },
    );
  return {
    id,
    requested: payload_digest,
    patch_id: body.decision_id as string,
    patched: body.payload_digest as string,
    attempt,
  };
}
const forged = { type: 'forged', nonRetryable: true };
const early = { type: 'early', nonRetryable: true };

describe('settle, run by an attacker who can write to the namespace', () => {
  test('does not let a waiting patch run, in the name of its author or of somebody else', async () => {
    const { id, patch_id, requested, patched, attempt } = await proposed();
    for (const actor of ['dev-approver', 'bo'])
      await expect(attempt({ decision_id: patch_id, actor })).rejects.toMatchObject(forged);
    await expect(attempt({ decision_id: 'dec_made_up', actor: 'bo' })).rejects.toMatchObject(forged);
    await expect(attempt({ actor: 'bo' })).rejects.toMatchObject(forged);
    await expect(attempt({ verified: false, actor: 'bo' })).rejects.toMatchObject(forged);
    for (const status of ['approved', 'rejected', 'expired', 'cancelled'] as const)
      for (const cause of ['firewall', 'deadline', 'caller', 'superseded', 'agent_gone', 'forged'] as const)
        for (const payload_digest of [requested, patched])
          await expect(attempt({ status, cause, payload_digest, actor: 'ceo' })).rejects.toMatchObject(
            status === 'expired' && cause === 'deadline' ? early : forged,
          );
    expect((await detail(id, bo)).status).toBe('pending');
  });

  test('does not let a refused patch run, even if the current policy would accept it', async () => {
    await put({ default_routing: 'review_all' });
    const { id, payload_digest } = await held();
    expect((await decide(id, { type: 'patch', patched_payload: widened, payload_digest })).status).toBe(422);
    const { rows } = await inProject('select id, patched_digest, screening from decisions where request_id = $1', id);
    expect(rows).toMatchObject([{ screening: 'refused' }]);
    await put({ default_routing: 'review_all', widening_patches: 'second_approver' });
    const ref = { project_id: system.project_id, request_id: id };
    expect(await screenPatch(ref, rows[0].id)).toBe('block');
    await expect(
      settle(ref, {
        status: 'approved',
        cause: 'person',
        verified: true,
        decision_id: rows[0].id,
        actor: 'dev-approver',
        payload_digest: rows[0].patched_digest,
      }),
    ).rejects.toMatchObject(forged);
  });

  test('approves what the row of a decision approves, whatever the message says', async () => {
    const { id, requested, patched, attempt } = await proposed();
    const insert = (decision_id: string, actor: string, payload_digest: string) =>
      recordDecision(system, { id: decision_id, request_id: id, type: 'approve', actor, payload_digest });
    await insert(`dec_author${id}`, 'dev-approver', patched);
    await insert(`dec_nothing${id}`, 'bo', `sha256:${'0'.repeat(64)}`);
    await insert(`dec_own${id}`, 'dev-agent', requested);
    for (const decision_id of [`dec_author${id}`, `dec_nothing${id}`, `dec_own${id}`])
      await expect(attempt({ decision_id, actor: 'bo' })).rejects.toMatchObject(forged);

    await insert(`dec_requested${id}`, 'bo', requested);
    const { resolution } = await attempt({ decision_id: `dec_requested${id}`, actor: 'mallory', status: 'rejected' });
    expect(resolution).toMatchObject({ status: 'approved', actor: 'bo', payload_digest: requested });
  });

  test('a second approver approves the patch, with both names in the receipt', async () => {
    const { id, patched, attempt } = await proposed();
    await recordDecision(system, {
      id: `dec_second${id}`,
      request_id: id,
      type: 'approve',
      actor: 'bo',
      payload_digest: patched,
    });
    expect((await attempt({ decision_id: `dec_second${id}` })).resolution).toMatchObject({
      status: 'approved',
      payload_digest: patched,
      actor: 'bo',
    });
    expect((await detail(id, bo)).decision).toMatchObject({ decided_by: 'bo', patched_by: 'dev-approver' });
  });

  test('a row that the api did not write, or that was changed, is no decision', async () => {
    const { id, payload_digest } = await held();
    const attempt = (decision_id: string) =>
      settle(
        { project_id: system.project_id, request_id: id },
        { status: 'approved', cause: 'person', verified: true, payload_digest, decision_id },
      );
    await inProject(
      `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, created_at)
       values ('dec_inserted', '${system.project_id}', $1, 'approve', 'ceo', 'api', '${payload_digest}', now())`,
      id,
    );
    await expect(attempt('dec_inserted')).rejects.toMatchObject(forged);
    const genuine = { request_id: id, type: 'reject', actor: 'bo', payload_digest } as const;
    for (const [i, change] of [
      "type = 'approve'",
      "actor = 'ceo'",
      "created_at = now() - interval '1 day'",
    ].entries()) {
      await recordDecision(system, { ...genuine, id: `dec_changed_${i}` });
      await system.database.asOwner(
        `update decisions set ${change} where request_id = $1 and id = 'dec_changed_${i}'`,
        [id],
      );
      await expect(attempt(`dec_changed_${i}`)).rejects.toMatchObject(forged);
    }
    const { rows } = await inProject('select distinct kind from incidents where request_id = $1', id);
    expect(rows).toEqual([{ kind: 'forged_row' }]);
  });

  test('is an incident, one per request and kind a minute', async () => {
    const { id, attempt } = await proposed();
    for (let i = 0; i < 5; i++) await expect(attempt({ decision_id: 'dec_made_up' })).rejects.toMatchObject(forged);
    await expect(attempt({ cause: 'firewall' })).rejects.toMatchObject(forged);
    await expect(attempt({ status: 'expired', cause: 'deadline' })).rejects.toMatchObject(early);
    const { rows } = await inProject('select kind from incidents where request_id = $1 order by created_at', id);
    expect(rows.map(({ kind }) => kind)).toEqual(['forged_decision', 'forged_outcome', 'clock_skew']);
  });

  async function inProject(text: string, request_id: string): Promise<{ rows: any[] }> {
    const client = await system.database.pool.connect();
    try {
      await client.query(`begin; set local app.project_id = '${system.project_id}'`);
      const result = await client.query(text, [request_id]);
      await client.query('commit');
      return result;
    } finally {
      client.release();
    }
  }
});

test('a patch is screened once: a repeat returns the first answer', async () => {
  const { id, patch_id } = await proposed();
  const ref = { project_id: system.project_id, request_id: id };
  await put({ default_routing: 'review_all' });
  expect(await screenPatch(ref, patch_id)).toBe('second_approver');
  await put({ default_routing: 'review_all', widening_patches: 'second_approver' });
});
