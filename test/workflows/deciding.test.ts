import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalView } from '../../contracts/workflow.ts';
import { INCIDENT_SENTENCES } from '../../domain/approval/incident.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem({ policy: { accept_unsigned_signals: true } });
  await system.startWorker();
});
afterAll(() => system.stop());

const held = async (extra: object = {}) => {
  const { status, body } = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 'billing',
    action: 'refund',
    payload: { amount: 10, to: 'a' },
    ...extra,
  });
  expect(status).toBe(201);
  await started(system.temporal, body.id);
  return body as { id: string; payload_digest: string };
};
const { decide, detail, resolved, workflow } = approvalsOf(() => system);

describe('one outcome', () => {
  test('fifty people decide at once: one gets 201, the others 409 with the resolution', async () => {
    const { id, payload_digest } = await held();
    const keys = await Promise.all(
      Array.from(
        { length: 50 },
        async (_, i) =>
          (
            await system.call(system.admin_api_key, 'POST', '/api/keys', {
              name: `p${i}`,
              owner: `person-${i}`,
              role: 'approver',
            })
          ).body.api_key as string,
      ),
    );
    const answers = await Promise.all(
      keys.map((key, i) =>
        decide(
          id,
          i % 2 ? { type: 'approve', payload_digest } : { type: 'reject', reason: `no ${i}`, payload_digest },
          key,
        ),
      ),
    );

    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    const losers = answers.filter(({ status }) => status === 409);
    expect(losers).toHaveLength(49);
    for (const { body } of losers)
      expect(body).toMatchObject({
        code: 'not_pending',
        standing: { decided_by: winners[0]!.body.decided_by, outcome: winners[0]!.body.outcome },
      });
    expect((await detail(id)).outcome).toEqual(winners[0]!.body.outcome);
  });

  test('the same decision again is 200 with the same body, another one 409', async () => {
    const { id, payload_digest } = await held();
    const first = await decide(id, { type: 'approve', payload_digest });
    const again = await decide(id, { type: 'approve', payload_digest });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(await decide(id, { type: 'reject', reason: 'on second thoughts', payload_digest })).toMatchObject({
      status: 409,
      body: { standing: { decided_by: 'dev-approver' } },
    });
  });

  test('decisions around the deadline: either may win, and everybody gets the same answer', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const { id, payload_digest } = await held({ expires_in_ms: 1_500 });
        const expires = new Date((await detail(id)).expires_at).getTime();
        await new Promise((resolve) => setTimeout(resolve, expires - Date.now() + (i - 4) * 12));
        const answer = await decide(id, { type: 'approve', payload_digest });
        return { answer, end: await resolved(id) };
      }),
    );
    for (const { answer, end } of rounds) {
      if (answer.status === 201) {
        expect(end.outcome).toMatchObject({ status: 'approved' });
        expect(Date.parse(end.decision.decided_at)).toBeLessThan(Date.parse(end.expires_at) + 1_000);
      } else {
        expect(answer.status).toBe(409);
        expect(end.outcome).toEqual({ status: 'expired', cause: 'deadline' });
      }
    }
  });

  test('a late approval is refused: no answer is never an approval', async () => {
    const { id, payload_digest } = await held({ expires_in_ms: 1_000 });
    const end = await resolved(id);
    expect(end.outcome).toEqual({ status: 'expired', cause: 'deadline' });
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({
      status: 409,
      body: { standing: { outcome: { status: 'expired' } } },
    });
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body).toMatchObject({
      status: 'REJECTED',
      metadata: { reason: 'expired' },
    });
  });

  test('cancelling closes a request; after a decision it changes nothing', async () => {
    const first = await held();
    expect(await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${first.id}/cancel`)).toMatchObject({
      status: 200,
      body: { outcome: { status: 'cancelled', cause: 'caller' } },
    });
    const second = await held();
    await decide(second.id, { type: 'approve', payload_digest: second.payload_digest });
    expect(await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${second.id}/cancel`)).toMatchObject(
      { status: 409, body: { code: 'not_pending' } },
    );
  });
});

describe('a patch', () => {
  const lead = {
    service: 'crm',
    action: 'send',
    payload: {
      to: 'sales@yourco.com',
      webhook_urls: ['https://hooks.yourco.com/a', 'https://collector.evil.example/b'],
    },
  };

  test('is screened, has its own digest, and is the payload that runs', async () => {
    const { id, payload_digest } = await held(lead);
    const patched_payload = { ...lead.payload, webhook_urls: ['https://hooks.yourco.com/a'] };
    const answer = await decide(id, { type: 'patch', patched_payload, payload_digest });
    expect(answer).toMatchObject({
      status: 201,
      body: { outcome: { status: 'approved', cause: 'person', modified: true } },
    });
    expect(answer.body.payload_digest).not.toBe(payload_digest);
    const status = await system.call(system.agent_api_key, 'GET', `/api/status/${id}`);
    expect(status.body).toMatchObject({
      status: 'APPROVED',
      payload: lead.payload,
      patched_payload,
      payload_digest: answer.body.payload_digest,
    });
  });

  test('with a finding that the original lacked is 422, and the request stays open', async () => {
    const { id, payload_digest } = await held(lead);
    const patched_payload = { ...lead.payload, webhook_urls: ['http://169.254.169.254/latest/meta-data/'] };
    const refused = await decide(id, { type: 'patch', patched_payload, payload_digest });
    expect(refused).toMatchObject({ status: 422, body: { code: 'patch_refused' } });
    expect(refused.body.findings.map((finding: { id: string }) => finding.id)).toContain('egress/metadata');
    expect((await detail(id)).status).toBe('pending');
    expect((await decide(id, { type: 'reject', reason: 'no', payload_digest })).status).toBe(201);
  });

  test("that fails the request's schema is 422 with the pointer", async () => {
    const { id, payload_digest } = await held({
      schema: { type: 'object', properties: { amount: { type: 'integer', maximum: 100 } } },
    });
    expect(await decide(id, { type: 'patch', patched_payload: { amount: 500 }, payload_digest })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/patched_payload/amount' }] },
    });
    expect((await detail(id)).status).toBe('pending');
  });
});

describe('messages sent directly to the workflow', () => {
  test("a team's bot approves by a plain Signal, and the outcome is recorded as unverified", async () => {
    const { id, payload_digest } = await held();
    await workflow(id).signal('decide', { type: 'approve', actor: 'slack-bot', payload_digest });
    expect(await resolved(id)).toMatchObject({
      status: 'approved',
      outcome: { cause: 'person', verified: false },
      decision: { decided_by: 'bot:slack-bot', channel: 'signal' },
    });
  });

  test("malformed signals, a wrong digest, a patch and an approval of one's own request are ignored and counted", async () => {
    const { id, payload_digest } = await held();
    const handle = workflow(id);
    await handle.signal('decide');
    await handle.signal('decide', 'approve');
    await handle.signal('decide', { type: 'approve', actor: 'bot', payload_digest: `sha256:${'0'.repeat(64)}` });
    await handle.signal('decide', { type: 'patch', actor: 'bot', payload_digest, patched_digest: payload_digest });
    await handle.signal('decide', { type: 'approve', actor: 'dev-agent', payload_digest });
    await handle.signal('decide_recorded', null);
    const view = await handle.query<ApprovalView>('approval');
    expect(view).toMatchObject({ phase: 'pending', ignored_signals: 6, payload_digest });
    expect(JSON.stringify(view)).not.toContain('amount');
  });

  test('a critical action accepts no unsigned signal', async () => {
    const { id, payload_digest } = await held({ priority: 'critical' });
    await workflow(id).signal('decide', { type: 'approve', actor: 'bot', payload_digest });
    expect(await workflow(id).query<ApprovalView>('approval')).toMatchObject({ phase: 'pending', ignored_signals: 0 });
  });

  test('a decision that the api never wrote changes nothing, is an incident, and the request can be decided', async () => {
    const { id, payload_digest } = await held();
    await workflow(id).signal('decide_recorded', {
      decision_id: 'dec_made_up',
      type: 'approve',
      actor: 'mallory',
      payload_digest,
    });
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({ status: 201 });
    expect(await resolved(id)).toMatchObject({
      status: 'approved',
      decision: { decided_by: 'dev-approver' },
      timeline: expect.arrayContaining([
        expect.objectContaining({ event: 'incident', detail: INCIDENT_SENTENCES.forged_decision }),
      ]),
    });
  });

  test('a cancellation in Temporal itself changes nothing, as often as it is made; one through the api does', async () => {
    const { id } = await held();
    await workflow(id).cancel();
    await workflow(id).cancel();
    await workflow(id).signal('cancel_recorded');
    const refusals = async () => (await workflow(id).query<ApprovalView>('approval')).refused_outcomes;
    await expect.poll(refusals).toBeGreaterThan(0);
    expect(await workflow(id).query<ApprovalView>('approval')).toMatchObject({ phase: 'pending' });
    expect(await system.call(system.agent_api_key, 'POST', `/api/approval-requests/${id}/cancel`)).toMatchObject({
      status: 200,
      body: { outcome: { status: 'cancelled', cause: 'caller' } },
    });
    expect((await resolved(id)).timeline).toContainEqual(
      expect.objectContaining({ event: 'incident', detail: INCIDENT_SENTENCES.forged_outcome }),
    );
  });

  test('forged messages without a pause do not delay a decision', async () => {
    const { id, payload_digest } = await held();
    const forge = (n: number) =>
      workflow(id).signal('decide_recorded', {
        decision_id: `dec_${n}`,
        type: 'reject',
        actor: 'mallory',
        payload_digest,
      });
    const forging = Promise.all(Array.from({ length: 30 }, (_, n) => forge(n)));
    expect(await decide(id, { type: 'approve', payload_digest })).toMatchObject({ status: 201 });
    await forging.catch(() => {}); // the workflow has ended
    expect((await resolved(id)).status).toBe('approved');
  });

  test('Update and Signal of one decision, in any order, are one decision', async () => {
    const { id, payload_digest } = await held();
    const [answer] = await Promise.all([
      decide(id, { type: 'approve', payload_digest }),
      workflow(id).signal('decide', { type: 'reject', actor: 'bot', payload_digest }),
    ]);
    const end = await resolved(id);
    expect(end.decision.outcome).toEqual(end.outcome);
    if (answer.status === 201) expect(end.status).toBe('approved');
    else expect([answer.status, end.status]).toEqual([409, 'rejected']);
  });
});

test('a held request costs at most 15 history events', async () => {
  const { id, payload_digest } = await held();
  await decide(id, { type: 'approve', payload_digest });
  const { events } = await workflow(id).fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(15);
});
