import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalView } from '../../contracts/workflow.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
let bo: string;
beforeAll(async () => {
  system = await createSystem({
    policy: {
      accept_unsigned_signals: true,
      widening_patches: 'second_approver',
      routes: [{ service: 'walled', routing: 'review_all', block: ['egress'] }],
    },
  });
  await system.startWorker();
  bo = await system.approver('bo');
});
afterAll(() => system.stop());

const requested = { to: 'a', url: 'https://hooks.example.com/a' };
const widened = { to: 'a', url: 'http://169.254.169.254/latest/meta-data/' };

const held = async (extra: object = {}) => {
  const { body } = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 'billing',
    action: 'notify',
    payload: requested,
    ...extra,
  });
  await started(system.temporal, body.id);
  return body as { id: string; payload_digest: string };
};
const { decide, detail, resolved, workflow } = approvalsOf(() => system);
const propose = async (id: string, payload_digest: string, patched_payload: object = widened) => {
  const { status, body } = await decide(id, { type: 'patch', patched_payload, payload_digest });
  expect({ status, body }).toMatchObject({ status: 202, body: { status: 'awaiting_second_approver' } });
  return body as { decision_id: string; payload_digest: string };
};
const byOf = (receipt: string): string[] =>
  JSON.parse(Buffer.from(receipt.split('.')[1]!, 'base64url').toString()).predicate.decided.by;
const receiptOf = async (id: string) =>
  (await system.call(system.approver_api_key, 'GET', `/api/approval-requests/${id}/receipt`)).text;

describe('a patch that widens the held action', () => {
  test('waits, and runs when a second person approves it; the receipt names both', async () => {
    const { id, payload_digest } = await held();
    const proposal = await propose(id, payload_digest);
    expect(await detail(id)).toMatchObject({
      status: 'pending',
      proposed_patch: {
        decision_id: proposal.decision_id,
        payload_digest: proposal.payload_digest,
        by: 'dev-approver',
        payload: widened,
      },
    });

    const answer = await decide(id, { type: 'approve', payload_digest: proposal.payload_digest }, bo);
    expect(answer).toMatchObject({
      status: 201,
      body: { decided_by: 'bo', outcome: { status: 'approved', cause: 'person', modified: true } },
    });
    expect(answer.body.payload_digest).toBe(proposal.payload_digest);
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body).toMatchObject({
      status: 'APPROVED',
      payload: requested,
      patched_payload: widened,
      payload_digest: proposal.payload_digest,
      actor_id: 'bo',
    });
    const end = await detail(id);
    expect(end).toMatchObject({
      proposed_patch: null,
      decision: { type: 'approve', decided_by: 'bo', patched_by: 'dev-approver', patched_payload: widened },
    });
    expect(end.timeline.map(({ event, by }: { event: string; by: string | null }) => [event, by])).toEqual([
      ['requested', 'dev-agent'],
      ['screened', null],
      ['held', null],
      ['decision_recorded', 'dev-approver'],
      ['patch_proposed', 'dev-approver'],
      ['decision_recorded', 'bo'],
      ['resolved', 'bo'],
    ]);
    expect(JSON.stringify(end.timeline)).not.toContain('did not count');
    expect(byOf(await receiptOf(id))).toEqual(['dev-approver', 'bo']);
  });

  test('cannot be approved by its author, nor by the requester, nor with another digest', async () => {
    const { id, payload_digest } = await held();
    const proposal = await propose(id, payload_digest);
    const approve = { type: 'approve', payload_digest: proposal.payload_digest };
    const owner = await system.approver('dev-agent');
    expect(await decide(id, approve)).toMatchObject({ status: 403, body: { code: 'own_patch' } });
    expect(await decide(id, approve, owner)).toMatchObject({ status: 403, body: { code: 'own_request' } });
    expect(await decide(id, { ...approve, payload_digest: `sha256:${'0'.repeat(64)}` }, bo)).toMatchObject({
      status: 412,
    });
    // The same, sent directly to the workflow.
    const update = (actor: string) =>
      workflow(id).executeUpdate('decide', {
        args: [{ ...approve, decision_id: 'dec_x', actor }],
        updateId: `x-${actor}`,
      });
    await expect(update('dev-approver')).rejects.toMatchObject({ cause: { type: 'own_patch' } });
    await expect(update('dev-agent')).rejects.toMatchObject({ cause: { type: 'own_request' } });
    expect((await detail(id)).status).toBe('pending');
  });

  test('is rejected with the request by a second person, and by its author', async () => {
    for (const key of [bo, system.approver_api_key]) {
      const { id, payload_digest } = await held();
      const proposal = await propose(id, payload_digest);
      const reject = { type: 'reject', reason: 'no', payload_digest: proposal.payload_digest };
      expect(await decide(id, reject, key)).toMatchObject({ status: 201, body: { payload_digest } });
      expect((await decide(id, reject, key)).status).toBe(200);
      expect(await detail(id)).toMatchObject({ status: 'rejected', proposed_patch: null, decision: { reason: 'no' } });
      expect((await detail(id)).decision).not.toHaveProperty('patched_payload');
      expect(byOf(await receiptOf(id))).toHaveLength(1);
    }
  });

  test("leaves the requested payload open for approval, also by the patch's author", async () => {
    const { id, payload_digest } = await held();
    await propose(id, payload_digest);
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({
      status: 201,
      body: { payload_digest, outcome: { status: 'approved', cause: 'person' } },
    });
    expect(byOf(await receiptOf(id))).toEqual(['dev-approver']);
  });

  test('still waits after another patch was refused', async () => {
    const { id, payload_digest } = await held({ service: 'walled' });
    const rights = { ...requested, permissions: ['*:*'] };
    const proposal = await propose(id, payload_digest, rights);
    expect(await decide(id, { type: 'patch', patched_payload: widened, payload_digest })).toMatchObject({
      status: 422,
    });
    expect((await detail(id)).proposed_patch).toMatchObject({ decision_id: proposal.decision_id, payload: rights });
    expect(await decide(id, { type: 'approve', payload_digest: proposal.payload_digest }, bo)).toMatchObject({
      status: 201,
    });
  });

  test('is replaced by a later patch that waits, and by one that needs no second approver', async () => {
    const { id, payload_digest } = await held();
    const first = await propose(id, payload_digest);
    const next = await propose(id, payload_digest, { ...widened, to: 'b' });
    expect((await detail(id)).proposed_patch).toMatchObject({ decision_id: next.decision_id });
    expect(await decide(id, { type: 'approve', payload_digest: first.payload_digest }, bo)).toMatchObject({
      status: 412,
    });
    const harmless = { to: 'c', url: requested.url };
    expect(await decide(id, { type: 'patch', patched_payload: harmless, payload_digest })).toMatchObject({
      status: 201,
      body: { outcome: { modified: true } },
    });
    expect((await detail(id)).decision).toMatchObject({ patched_payload: harmless });
    expect(byOf(await receiptOf(id))).toEqual(['dev-approver']);
  });

  test('is refused if it is blocked, and the timeline says so', async () => {
    const { id, payload_digest } = await held({ service: 'walled' });
    expect(await decide(id, { type: 'patch', patched_payload: widened, payload_digest })).toMatchObject({
      status: 422,
      body: { code: 'patch_refused', findings: [{ id: 'egress/metadata' }] },
    });
    expect(await detail(id)).toMatchObject({
      status: 'pending',
      proposed_patch: null,
      timeline: expect.arrayContaining([expect.objectContaining({ event: 'patch_refused' })]),
    });
  });

  test('ends with the request, at its deadline and when it is cancelled', async () => {
    const late = await held({ expires_in_ms: 2_000 });
    const proposal = await propose(late.id, late.payload_digest);
    expect((await resolved(late.id)).outcome).toEqual({ status: 'expired', cause: 'deadline' });
    expect(await decide(late.id, { type: 'approve', payload_digest: proposal.payload_digest }, bo)).toMatchObject({
      status: 409,
      body: { standing: { outcome: { status: 'expired' } } },
    });
    const given = await held();
    await propose(given.id, given.payload_digest);
    expect(await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${given.id}/cancel`)).toMatchObject({
      status: 200,
      body: { outcome: { status: 'cancelled' } },
    });
  });
});

describe('messages sent directly to the workflow', () => {
  test("a bot's Signal cannot approve a patch: it is ignored and counted, and can approve the requested payload", async () => {
    const { id, payload_digest } = await held();
    const proposal = await propose(id, payload_digest);
    const handle = workflow(id);
    for (const type of ['approve', 'reject'])
      await handle.signal('decide', { type, actor: 'slack-bot', payload_digest: proposal.payload_digest });
    expect(await handle.query<ApprovalView>('approval')).toMatchObject({ phase: 'pending', ignored_signals: 2 });
    await handle.signal('decide', { type: 'approve', actor: 'slack-bot', payload_digest });
    expect(await resolved(id)).toMatchObject({
      status: 'approved',
      outcome: { verified: false },
      decision: { payload_digest },
    });
  });

  test('a repeat of the same patch is answered that it waits, and is not an ignored signal', async () => {
    const { id, payload_digest } = await held();
    const { decision_id, payload_digest: patched_digest } = await propose(id, payload_digest);
    const again = { decision_id, type: 'patch', actor: 'dev-approver', payload_digest, patched_digest };
    await expect(workflow(id).executeUpdate('decide', { args: [again], updateId: 'another' })).rejects.toMatchObject({
      cause: { type: 'second_approver' },
    });
    await workflow(id).signal('decide_recorded', again);
    expect(await workflow(id).query<ApprovalView>('approval')).toMatchObject({ phase: 'pending', ignored_signals: 0 });
  });

  test('an approval of the patch without a row from the api changes nothing, and the patch still waits', async () => {
    const { id, payload_digest } = await held();
    const proposal = await propose(id, payload_digest);
    const forged = {
      decision_id: 'dec_made_up',
      type: 'approve',
      actor: 'mallory',
      payload_digest: proposal.payload_digest,
    };
    await expect(workflow(id).executeUpdate('decide', { args: [forged] })).rejects.toMatchObject({
      cause: { type: 'not_recorded' },
    });
    expect(await detail(id)).toMatchObject({
      status: 'pending',
      proposed_patch: { payload_digest: proposal.payload_digest },
      timeline: expect.arrayContaining([expect.objectContaining({ event: 'incident' })]),
    });
    expect(await decide(id, { type: 'approve', payload_digest: proposal.payload_digest }, bo)).toMatchObject({
      status: 201,
    });
  });
});

test('a workflow that lost the proposal receives it again', async () => {
  const { id, payload_digest } = await held();
  const proposal = await propose(id, payload_digest);
  const { id: _, ...request } = await detail(id);
  await workflow(id).terminate('lost');
  await system.temporal.workflow.start('approvalV1', {
    workflowId: `approval/${id}`,
    taskQueue: system.env['LETSPING_TASK_QUEUE']!,
    args: [
      {
        project_id: system.project_id,
        request_id: id,
        payload_digest,
        requested_by: 'dev-agent',
        expires_at_ms: Date.parse(request.expires_at),
        accept_unsigned_signals: true,
      },
    ],
  });
  const approve = () => decide(id, { type: 'approve', payload_digest: proposal.payload_digest }, bo);
  let answer = await approve();
  for (let i = 0; i < 20 && answer.body.code === 'patch_in_progress'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await approve();
  }
  expect(answer).toMatchObject({ status: 201, body: { outcome: { status: 'approved', modified: true } } });
});
