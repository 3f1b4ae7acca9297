import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { ACTIVITY, type WorkerActivities } from '../../contracts/activities.ts';
import type { Resolution } from '../../contracts/workflow.ts';
import { activityDeps } from '../helpers/activities.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** The attacker can run our activities with any arguments, and cannot write to the database. */
let system: TestSystem;
let bo: string;
let settle: WorkerActivities['settle'];
let screen: WorkerActivities['screen'];
beforeAll(async () => {
  system = await createSystem({ policy: { widening_patches: 'second_approver' } });
  await system.startWorker();
  bo = await system.approver('bo');
  ({ [ACTIVITY.settle]: settle, [ACTIVITY.screen]: screen } = createActivities(await activityDeps(system)));
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

describe('settle, run by an attacker who can write to the namespace', () => {
  test('does not let a waiting patch run, in the name of its author or of somebody else', async () => {
    const { id, patch_id, requested, attempt } = await proposed();
    for (const actor of ['dev-approver', 'bo'])
      await expect(attempt({ decision_id: patch_id, actor })).rejects.toMatchObject(forged);
    await expect(attempt({ decision_id: 'dec_made_up', actor: 'bo' })).rejects.toMatchObject(forged);
    await expect(attempt({ actor: 'bo' })).rejects.toMatchObject(forged);
    await expect(attempt({ verified: false, actor: 'bo' })).rejects.toMatchObject(forged);
    for (const cause of ['firewall', 'deadline', 'caller'] as const) {
      await expect(attempt({ cause })).rejects.toMatchObject(forged);
      await expect(attempt({ cause, payload_digest: requested })).rejects.toMatchObject(forged);
    }
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
    expect(await screen(ref, rows[0].id)).toBe('block');
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

  test("does not take an approval of the requested payload for one of the patch, nor the author's approval of the patch", async () => {
    const { id, requested, patched, attempt } = await proposed();
    // Rows as the api writes them, of decisions that the workflow never received.
    const insert = (decision_id: string, actor: string, payload_digest: string) =>
      inProject(
        `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest)
         values ('${decision_id}', '${system.project_id}', $1, 'approve', '${actor}', 'api', '${payload_digest}')`,
        id,
      );
    await insert('dec_of_requested', 'bo', requested);
    await insert('dec_of_author', 'dev-approver', patched);
    await insert('dec_of_nothing', 'bo', `sha256:${'0'.repeat(64)}`);
    await expect(attempt({ decision_id: 'dec_of_requested', actor: 'bo' })).rejects.toMatchObject(forged);
    await expect(attempt({ decision_id: 'dec_of_author', actor: 'dev-approver' })).rejects.toMatchObject(forged);
    await expect(
      attempt({ decision_id: 'dec_of_nothing', actor: 'bo', payload_digest: `sha256:${'0'.repeat(64)}` }),
    ).rejects.toMatchObject(forged);

    await insert('dec_of_second', 'bo', patched);
    await expect(attempt({ decision_id: 'dec_of_second', actor: 'mallory' })).rejects.toMatchObject(forged);
    await expect(attempt({ decision_id: 'dec_of_second', actor: 'bo', status: 'rejected' })).rejects.toMatchObject(
      forged,
    );
    expect((await attempt({ decision_id: 'dec_of_second', actor: 'bo' })).resolution).toMatchObject({
      status: 'approved',
      payload_digest: patched,
    });
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
  expect(await screen(ref, patch_id)).toBe('second_approver');
  await put({ default_routing: 'review_all', widening_patches: 'second_approver' });
});
