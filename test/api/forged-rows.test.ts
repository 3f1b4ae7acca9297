import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LetsPing } from '../../client/index.ts';
import { newApiKey, newToken } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { acrossProjects } from '../../storage/db/transaction.ts';
import { type Program, program } from '../faults/program.ts';
import { openedLink } from '../helpers/opened-link.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

/**
 * The attacker writes to the database as the application's login (an SQL injection elsewhere, a stolen password) and has no root key.
 * What they insert is refused by a running api, in a process of its own.
 */
let system: TestSystem;
let api: Program;
let url: string;
beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_all' } });
  await system.startWorker();
  api = program({ env: { ...system.env, LOG_LEVEL: 'info' }, args: ['api'], ready: '"api ready"' });
  await api.start();
  url = /"url":"([^"]+)"/.exec(api.log)![1]!;
});
afterAll(async () => {
  await api?.stop();
  await system.stop();
});
let logged = 0;
beforeEach(() => {
  logged = api.log.length;
});
const alarms = () => api.log.slice(logged).match(/"msg":"alarm: [^"]*"/g) ?? [];

const sql = (text: string, values: unknown[] = []) =>
  acrossProjects(system.database.pool, (tx) => tx.query<any>(text, values));
const incidents = async (kind: string) =>
  sql(
    "select request_id from incidents where project_id = $1 and kind = $2 and created_at > now() - interval '1 minute'",
    [system.project_id, kind],
  );
const call = async (key: string, method: string, path: string, body?: object) => {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined };
};
const action = { service: 'bank', action: 'wire_money', payload: { amount: 1 } };
const ingest = (key = system.agent_api_key) => call(key, 'POST', '/api/ingest', action);

describe('an inserted row', () => {
  test('of an API key decides nothing: it is an unknown key, with one incident and an alarm for each use', async () => {
    const { body } = await ingest();
    const id = newId('key');
    const { api_key, secret_sha256 } = newApiKey(id, 'test');
    await sql(
      `insert into api_keys (id, project_id, name, owner, role, secret_sha256, created_at, mac)
       select $1, project_id, 'x', 'cfo', 'admin', $2, created_at, mac from api_keys where role = 'admin' and project_id = $3 limit 1`,
      [id, secret_sha256, system.project_id],
    );
    for (let i = 0; i < 3; i++) {
      const path = `/api/approval-requests/${body.id}/decisions`;
      const answer = await call(api_key, 'POST', path, { type: 'approve', payload_digest: body.payload_digest });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
    expect(await incidents('forged_row')).toEqual([{ request_id: null }]);
    await expect.poll(alarms).toHaveLength(3);
    expect(api.log.slice(logged)).toContain(id);
    expect((await call(system.approver_api_key, 'GET', `/api/approval-requests/${body.id}`)).body.status).toBe(
      'pending',
    );
  });

  test('of a session opens no page', async () => {
    const { token, token_sha256 } = newToken();
    await sql(
      `insert into sessions (token_sha256, project_id, owner, role, created_at, expires_at, mac)
       values ($1, $2, 'cfo', 'admin', now(), now() + interval '1 hour', $3)`,
      [token_sha256, system.project_id, randomBytes(17)],
    );
    const answer = await fetch(`${url}/`, { headers: { cookie: `letsping=${token}` }, redirect: 'manual' });
    expect(answer.status).toBe(401);
    await expect.poll(alarms).toHaveLength(1);
  });

  test('of a sign-in link signs nobody in', async () => {
    const { token, token_sha256 } = newToken();
    await sql(
      `insert into login_links (token_sha256, project_id, owner, role, expires_at) values ($1, $2, 'cfo', 'admin', now() + interval '1 hour')`,
      [token_sha256, system.project_id],
    );
    const { cookie, fields } = await openedLink(url, token);
    const answer = await fetch(`${url}/login`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: url, cookie },
      redirect: 'manual',
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie()).toEqual([]);
    await expect.poll(alarms).toHaveLength(1);
  });
});

describe('an inserted outcome', () => {
  /** A ledger row with a receipt that nobody signed, and the projection that says so. */
  const approve = async (id: string) => {
    await sql(
      `insert into ledger (request_id, project_id, status, cause, payload_digest, actor, channel, verified, resolved_at, receipt)
       select id, project_id, 'approved', 'person', payload_digest, 'ceo', 'api', true, now(), 'x.y.z' from approval_requests where id = $1`,
      [id],
    );
    await sql("update approval_requests set status = 'approved', resolved_at = now() where id = $1", [id]);
    await sql("select pg_notify('letsping', 'r' || $1)", [id]);
  };

  test('is a refusal for every client, on every route, and an incident of its request', async () => {
    const { id, payload_digest } = (await ingest()).body;
    await approve(id);
    const published = await call(system.agent_api_key, 'GET', `/api/status/${id}`);
    expect(published).toMatchObject({ status: 500, body: { code: 'LETSPING_NETWORK' } });
    expect(published.body.type).toMatch(/#not_authentic$/);
    const digest = { payload_digest };
    for (const answer of [
      published,
      await call(system.agent_api_key, 'POST', `/api/approval-requests/${id}/executed`, digest),
      await call(system.approver_api_key, 'GET', `/api/approval-requests/${id}`),
      await call(system.approver_api_key, 'GET', `/api/approval-requests/${id}/receipt`),
      await call(system.approver_api_key, 'POST', `/api/approval-requests/${id}/decisions`, {
        type: 'approve',
        ...digest,
      }),
      await call(system.agent_api_key, 'POST', `/api/approval-requests/${id}/cancel`),
    ]) {
      expect(answer.status).toBe(500);
      expect(answer.text).not.toMatch(/APPROVED|"approved"|ceo/);
      expect(answer.text).toContain('fails its authenticity check');
    }
    expect(await incidents('forged_receipt')).toEqual([{ request_id: id }]);
    expect(alarms().length).toBeGreaterThanOrEqual(6);
    const lp = new LetsPing(system.agent_api_key, { baseUrl: `${url}/api` });
    for (const ask of [() => lp.waitForDecision(id), () => lp.getRequestStatus(id)])
      await expect(ask()).rejects.toMatchObject({ status: 500, problemCode: 'not_authentic' });
  });

  test('ends a held read with the refusal, and the approver’s page says why it shows nothing', async () => {
    const { id } = (await ingest()).body;
    const read = () => call(system.agent_api_key, 'GET', `/api/status/${id}`);
    expect((await read()).body.status).toBe('PENDING');
    const held = read();
    expect(await Promise.race([held, new Promise((resolve) => setTimeout(() => resolve('held'), 500))])).toBe('held');
    await approve(id);
    expect(await held).toMatchObject({ status: 500, body: { code: 'LETSPING_NETWORK' } });
    const cookie = await visitorOf(() => system).signIn();
    const page = await fetch(`${url}/requests/${id}`, { headers: { cookie } });
    expect(page.status).toBe(500);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('fails its authenticity check');
  });

  afterEach(() => removeLedgerRows());
});

/** As the owner of the tables: other tests list requests. */
async function removeLedgerRows(): Promise<void> {
  const owner = new pg.Client({ connectionString: system.database.owner_url });
  await owner.connect();
  await owner.query('set session_replication_role = replica');
  await owner.query("delete from ledger where receipt = 'x.y.z'");
  await owner.query("update approval_requests set status = 'pending', resolved_at = null where status = 'approved'");
  await owner.end();
}

test('an inserted policy lets nothing pass: requests are refused, and nothing is written', async () => {
  expect((await ingest()).body.status).toBe('PENDING');
  const before = await sql('select count(*)::int as n from approval_requests');
  await sql(
    `insert into policies (project_id, version, digest, document, created_by, created_at, mac)
     select project_id, 2, digest, '{"default_routing": "observe"}', 'cfo', now(), mac from policies where project_id = $1`,
    [system.project_id],
  );
  for (let i = 0; i < 3; i++) {
    const answer = await ingest();
    expect(answer).toMatchObject({ status: 500, body: { code: 'LETSPING_NETWORK' } });
    expect(answer.text).not.toContain('APPROVED');
  }
  expect(await sql('select count(*)::int as n from approval_requests')).toEqual(before);
  expect(await call(system.admin_api_key, 'GET', '/api/policy')).toMatchObject({
    status: 500,
    body: { code: 'not_authentic' },
  });
  expect((await call(system.admin_api_key, 'GET', '/api/policy/versions')).body.items).toMatchObject([
    { version: 2, authentic: false },
    { version: 1, authentic: true },
  ]);
  expect((await incidents('forged_row')).length).toBeGreaterThanOrEqual(1);
  expect(alarms().length).toBeGreaterThanOrEqual(4);
});
