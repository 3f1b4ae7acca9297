import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScreenPatch } from '../../activities/screen-patch.ts';
import { createSettle, createSettleByHint } from '../../activities/settle.ts';
import type { WorkerActivities } from '../../contracts/activities.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { newId } from '../../crypto/ids.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { payloadDigest, saltText } from '../../domain/digest.ts';
import { createFirstProject } from '../../storage/access/bootstrap.ts';
import { activityDeps } from '../helpers/activities.ts';
import { type Owner, ownerOf } from '../helpers/altered-rows.ts';
import { recordDecision } from '../helpers/record-decision.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

/** The attacker writes to the database, as the owner of the tables and without triggers, and does not have the root key. */
let system: TestSystem;
let owner: Owner;
let cookie: string;
let settle: WorkerActivities['settle'];
let deps: Awaited<ReturnType<typeof activityDeps>>;
beforeAll(async () => {
  system = await createSystem({ env: { LETSPING_STATUS_HOLD_MS: '0' } });
  owner = await ownerOf(system.database);
  cookie = await visitor.signIn();
  deps = await activityDeps(system);
  const { ledger, incidents } = deps.stores;
  settle = createSettle({ settle: createSettleByHint({ ledger, signer: deps.signer }), incidents });
});
afterAll(async () => {
  await owner?.end();
  await system?.stop();
});
const visitor = visitorOf(() => system);

interface Request {
  id: string;
  payload_digest: string;
}
const opened = async (): Promise<Request> => visitor.open({ n: 1 });
const ref = ({ id }: Request) => ({ project_id: system.project_id, request_id: id });

/** Decides without a workflow: the row as the api writes it, and the activity. */
async function decided(request: Request, type: 'approve' | 'reject' = 'approve') {
  const { id, payload_digest } = request;
  const decision_id = newId('dec');
  await recordDecision(system, { id: decision_id, request_id: id, type, actor: 'ana', payload_digest });
  await settle(ref(request), { status: 'approved', cause: 'person', verified: true, payload_digest, decision_id });
  return request;
}

async function seen(request: Request) {
  const { agent_api_key: agent, approver_api_key: approver } = system;
  const path = `/api/approval-requests/${request.id}`;
  const [status, detail, list, executed] = await Promise.all([
    system.call(agent, 'GET', `/api/status/${request.id}`),
    system.call(approver, 'GET', path),
    system.call(approver, 'GET', '/api/approval-requests?limit=100'),
    system.call(agent, 'POST', `${path}/executed`, { payload_digest: request.payload_digest }),
  ]);
  const inbox = await visitor.send('/', { cookie });
  const page = await visitor.send(`/requests/${request.id}`, { cookie });
  return { status, detail, list, executed, inbox, page };
}
const incidents = async ({ id }: Request) =>
  (
    await owner.client.query<{ kind: string }>('select distinct kind from incidents where request_id = $1 order by 1', [
      id,
    ])
  ).rows.map(({ kind }) => kind);

const RECEIPT = (genuine: string) => `(select receipt from ledger where request_id = '${genuine}')`;
const insertLedger = (id: string, receipt: string) =>
  `insert into ledger (request_id, project_id, status, cause, payload_digest, decision_id, actor, channel, verified, resolved_at, receipt)
   select id, project_id, 'approved', 'person', payload_digest, null, 'ceo', 'api', true, date_trunc('milliseconds', now()), ${receipt}
   from approval_requests where id = '${id}'`;
const project = (id: string, status: string) =>
  `update approval_requests set status = '${status}', resolved_at = (select resolved_at from ledger where request_id = '${id}') where id = '${id}'`;

describe('an outcome whose receipt says something else is not shown, permitted or returned', () => {
  test.each<[string, () => Promise<{ request: Request; attack: string[] }>]>([
    [
      'a made up receipt',
      async () => {
        const request = await opened();
        return { request, attack: [insertLedger(request.id, "'x.y.z'"), project(request.id, 'approved')] };
      },
    ],
    [
      'the receipt of another request',
      async () => {
        const [request, other] = [await opened(), await decided(await opened())];
        return { request, attack: [insertLedger(request.id, RECEIPT(other.id)), project(request.id, 'approved')] };
      },
    ],
    [
      'the whole ledger row of another request',
      async () => {
        const [request, other] = [await opened(), await decided(await opened())];
        return {
          request,
          attack: [
            `insert into ledger select (jsonb_populate_record(l, jsonb_build_object('request_id', '${request.id}'))).* from ledger l where request_id = '${other.id}'`,
            project(request.id, 'approved'),
          ],
        };
      },
    ],
    [
      'the receipt of a rejection, on a row that says approved',
      async () => {
        const request = await decided(await opened(), 'reject');
        return {
          request,
          attack: [
            `update ledger set status = 'approved' where request_id = '${request.id}'`,
            project(request.id, 'approved'),
          ],
        };
      },
    ],
    [
      'a genuine receipt, on a row that names another approver',
      async () => {
        const request = await decided(await opened());
        return { request, attack: [`update ledger set actor = 'ceo' where request_id = '${request.id}'`] };
      },
    ],
  ])('%s', async (_, prepare) => {
    const { request, attack } = await prepare();
    for (const statement of attack) await owner.client.query(statement);

    const { status, detail, list, executed, inbox, page } = await seen(request);
    const text = JSON.stringify([status.body, detail.body, list.body, executed.body]) + inbox.text + page.text;
    expect(text).not.toMatch(/APPROVED|ceo/);
    expect(status).toMatchObject({ status: 500 });
    for (const answer of [detail, executed])
      expect(answer).toMatchObject({ status: 500, body: { code: 'not_authentic' } });
    expect(list).toMatchObject({ status: 200, body: { not_authentic: 1 } });
    expect(list.text).not.toContain(request.id);
    expect(page.status).toBe(500);
    await expect(
      settle(ref(request), { status: 'expired', cause: 'deadline', payload_digest: request.payload_digest }),
    ).rejects.toMatchObject({ name: 'OutcomeRefused', incident: 'forged_receipt' });
    expect(await incidents(request)).toContain('forged_receipt');
    expect((await owner.client.query('select 1 from claims where request_id = $1', [request.id])).rows).toEqual([]);

    await owner.client.query('delete from ledger where request_id = $1', [request.id]); // does not disturb the others
    await owner.client.query(project(request.id, 'pending'));
  });

  test('a status alone, in the projection', async () => {
    const request = await opened();
    for (const status of ['approved', 'rejected', 'expired', 'cancelled']) {
      await owner.client.query('update approval_requests set status = $2, resolved_at = now() where id = $1', [
        request.id,
        status,
      ]);
      const { status: answer, detail, list, executed, page } = await seen(request);
      expect(answer.body).toMatchObject({ status: 'PENDING', outcome: null });
      expect(detail.body).toMatchObject({ status: 'pending', outcome: null, resolved_at: null, decision: null });
      expect(list.body.items.find(({ id }: { id: string }) => id === request.id)).toMatchObject({
        status: 'pending',
        outcome: null,
        resolved_at: null,
      });
      expect(executed).toMatchObject({ status: 409, body: { code: 'not_approved' } });
      expect(page.text).toContain('class="chip status-pending"');
    }
    expect(await decided(request).then(() => seen(request))).toMatchObject({
      status: { body: { status: 'APPROVED' } },
    });
  });

  test('is not copied by the reconciler', async () => {
    const request = await opened();
    await owner.client.query(insertLedger(request.id, "'x.y.z'"));
    const store = deps.stores.workflowScan;
    const { rows, refused } = await store.repairProjections('', 10_000);
    expect(rows).not.toContainEqual(ref(request));
    expect(refused.map(({ error }) => (error as Error).message).join()).toContain(request.id);
    const { rows: after } = await owner.client.query('select status from approval_requests where id = $1', [
      request.id,
    ]);
    expect(after).toEqual([{ status: 'pending' }]);
    await owner.client.query('delete from ledger where request_id = $1', [request.id]);
  });
});

/** A patch as the api writes it, screened by the activity. */
async function patched(request: Request, payload: JsonObject, actor = 'ana') {
  const [decision_id, salt] = [newId('dec'), randomBytes(32)];
  const patched_digest = payloadDigest(salt, { service: 'billing', action: 'refund', payload }, sha256);
  await recordDecision(system, {
    id: decision_id,
    request_id: request.id,
    type: 'patch',
    actor,
    payload_digest: request.payload_digest,
    patched_digest,
    patched_payload: payload,
    salt: saltText(salt),
  });
  const answer = await createScreenPatch(deps.stores.screen)(ref(request), decision_id);
  const settled = () =>
    settle(ref(request), {
      status: 'approved',
      cause: 'person',
      verified: true,
      payload_digest: patched_digest,
      decision_id,
    });
  return { decision_id, patched_digest, answer, settled };
}

describe('a patch', () => {
  const widened = { url: 'http://169.254.169.254/latest/meta-data/' };

  test('that the firewall refused does not count after its screening was changed to accepted', async () => {
    const request = await opened();
    const { answer, settled, decision_id } = await patched(request, widened);
    expect(answer).toBe('block');
    for (const columns of [
      "screening = 'accepted'",
      "screening = 'accepted', screened_at = now(), screening_mac = mac",
    ]) {
      await owner.client.query(`update decisions set ${columns} where id = $1`, [decision_id]);
      await expect(settled()).rejects.toMatchObject({ name: 'OutcomeRefused', incident: 'forged_row' });
    }
    const { status, detail, page } = await seen(request);
    expect(status.body).toMatchObject({ status: 'PENDING', outcome: null });
    expect(detail.body).toMatchObject({ code: 'not_authentic' });
    expect(page.status).toBe(500);
    expect(await incidents(request)).toEqual(['forged_row']);
  });

  test('with the genuine screening of another patch does not count', async () => {
    const request = await opened();
    const accepted = await patched(request, { n: 2 }, 'bo');
    const refused = await patched(request, widened);
    expect([accepted.answer, refused.answer]).toEqual(['hold', 'block']);
    await owner.client.query(
      `update decisions t set screening = o.screening, screened_at = o.screened_at, screening_mac = o.screening_mac
       from decisions o where t.id = $1 and o.id = $2`,
      [refused.decision_id, accepted.decision_id],
    );
    await expect(refused.settled()).rejects.toMatchObject({ incident: 'forged_row' });
  });

  test('that was approved runs as its receipt says, whatever the rows of decisions say', async () => {
    const request = await opened();
    const accepted = await patched(request, { n: 2 });
    const other = await patched(request, widened, 'mallory');
    await accepted.settled();
    const status = () => system.call(system.agent_api_key, 'GET', `/api/status/${request.id}`);
    expect((await status()).body).toMatchObject({ status: 'APPROVED', actor_id: 'ana', patched_payload: { n: 2 } });

    await owner.client.query("update decisions set actor = 'ceo-of-mallory', type = 'approve' where id = $1", [
      accepted.decision_id,
    ]);
    expect((await status()).body).toMatchObject({ status: 'APPROVED', actor_id: 'ana', patched_payload: { n: 2 } });
    expect((await status()).text).not.toContain('ceo-of-mallory');

    await owner.client.query(
      'update decisions set patched_digest = case id when $1 then $3 else $4 end where id in ($1, $2)',
      [accepted.decision_id, other.decision_id, 'sha256:0', accepted.patched_digest],
    );
    expect((await status()).status).toBe(500);
    await owner.client.query('delete from decisions where id = $1', [other.decision_id]);
    expect((await status()).status).toBe(500); // never the requested payload in the place of the patch
    expect(await incidents(request)).toEqual(['forged_row']);
  });
});

test('an execution that was removed is not reported again to an api that has seen it', async () => {
  const request = await decided(await opened());
  const { agent_api_key: agent, approver_api_key: approver } = system;
  const path = `/api/approval-requests/${request.id}`;
  const executed = () => system.call(agent, 'POST', `${path}/executed`, { payload_digest: request.payload_digest });
  expect((await executed()).status).toBe(201);
  expect((await executed()).body).toMatchObject({ code: 'executed_already' });
  await owner.client.query('delete from claims where request_id = $1', [request.id]);

  expect((await executed()).body).toMatchObject({ code: 'not_authentic' });
  expect((await system.call(agent, 'GET', `/api/status/${request.id}`)).status).toBe(500);
  expect((await system.call(approver, 'GET', path)).body).toMatchObject({ code: 'not_authentic' });
  expect((await owner.client.query('select 1 from claims where request_id = $1', [request.id])).rows).toEqual([]);
  expect(await incidents(request)).toContain('rolled_back');
});

test('an executed request is unknown to a key of another project', async () => {
  const request = await decided(await opened());
  const path = `/api/approval-requests/${request.id}`;
  const digest = { payload_digest: request.payload_digest };
  expect((await system.call(system.agent_api_key, 'POST', `${path}/executed`, digest)).status).toBe(201);
  const foreign = await createFirstProject({
    databaseUrl: system.database.app_url,
    rootKey: system.env['LETSPING_ROOT_KEY']!,
    name: 'foreign',
    environment: 'test',
  });
  const answers = await Promise.all([
    system.call(foreign.admin_api_key, 'GET', path),
    system.call(foreign.admin_api_key, 'GET', `${path}/receipt`),
    system.call(foreign.agent_api_key, 'GET', `/api/status/${request.id}`),
    system.call(foreign.agent_api_key, 'POST', `${path}/executed`, digest),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
});

test('an execution that the agent did not report is refused', async () => {
  const request = await decided(await opened());
  await owner.client.query(
    `insert into claims (request_id, attempt, project_id, payload_digest, claimed_by, retryable, claimed_at, unknown_after, ended, ended_at, mac)
     values ($1, 1, $2, $3, 'dev-agent', false, now(), now(), 'done', now(), $4)`,
    [request.id, system.project_id, request.payload_digest, randomBytes(17)],
  );
  const { status, detail, executed } = await seen(request);
  expect([status.status, detail.body.code, executed.body.code]).toEqual([500, 'not_authentic', 'not_authentic']);
  expect(await incidents(request)).toEqual(['forged_row']);
});
