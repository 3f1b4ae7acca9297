import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AuditAct, AuditPage } from '../../contracts/audit.ts';
import { createLoginLink } from '../../storage/access/login-link.ts';
import { type Owner, ownerOf } from '../helpers/altered-rows.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
let owner: Owner;
beforeAll(async () => {
  system = await createSystem();
  owner = await ownerOf(system.database);
});
afterAll(async () => {
  await owner.end();
  await system.stop();
});
const { send, opened } = visitorOf(() => system);

const audit = async (query = '', key = system.admin_api_key): Promise<AuditPage> => {
  const { status, body } = await system.call(key, 'GET', `/api/audit${query}`);
  expect(status).toBe(200);
  return body;
};
const newest = async (): Promise<AuditAct> => (await audit('?limit=1')).items[0]!;
const create = async (body: object) =>
  (await system.call(system.admin_api_key, 'POST', '/api/keys', { name: 'k', owner: 'bot', role: 'agent', ...body }))
    .body;
const adminKeyId = async () => {
  const { items } = (await system.call(system.admin_api_key, 'GET', '/api/keys')).body;
  return items.find(({ owner: of }: { owner: string }) => of === 'dev-admin').id as string;
};

/** A call from another address of this host. */
const callFrom = (localAddress: string, method: string, path: string, body: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(system.api.url);
    const headers = { authorization: `Bearer ${system.admin_api_key}`, 'content-type': 'application/json' };
    const call = request({ localAddress, hostname, port, method, path, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode!));
    });
    call.once('error', reject).end(body);
  });

describe('the audit trail', () => {
  test('says who made and revoked a key, with which key, and from where', async () => {
    const { id } = await create({ context_trust: 'full' });
    const by = { actor: 'dev-admin', key_id: await adminKeyId(), surface: 'api', address: '127.0.0.1' };
    expect(await newest()).toMatchObject({
      ...{ kind: 'key_created', subject: id, authentic: true, ...by },
      details: { owner: 'bot', role: 'agent', services: null, context_trust: 'full' },
    });
    await system.call(system.admin_api_key, 'DELETE', `/api/keys/${id}`);
    expect(await newest()).toMatchObject({ kind: 'key_revoked', subject: id, ...by });
  });

  test('has the address of the connection also where another thread answers', async () => {
    const note = { kind: 'pattern_scanner', id: 'long', pattern: 'x'.repeat(900) };
    const policy = { guardrails: Array.from({ length: 40 }, (_, i) => ({ ...note, id: `long-${i}` })) };
    const text = JSON.stringify(policy);
    expect(text.length).toBeGreaterThan(16_384);
    expect(await callFrom('127.0.0.9', 'PUT', '/api/policy?reason=test', text)).toBe(200);
    expect(await newest()).toMatchObject({ kind: 'policy_written', surface: 'api', address: '127.0.0.9' });
    expect(await callFrom('127.0.0.8', 'PUT', '/api/policy?reason=test', '{}')).toBe(200);
    expect(await newest()).toMatchObject({ kind: 'policy_written', address: '127.0.0.8' });
  });

  test('tells the terminal and the page from the api', async () => {
    const { id } = await create({});
    const once = await createLoginLink({
      databaseUrl: system.database.app_url,
      rootKey: system.env['LETSPING_ROOT_KEY']!,
      project_id: system.project_id,
      owner: 'ana',
      role: 'admin',
    });
    const terminal = { actor: null, key_id: null, surface: 'terminal', address: null };
    expect(await newest()).toMatchObject({ kind: 'login_link_created', subject: 'ana', ...terminal });
    const { cookie } = await send('/login', await opened(once));
    const answer = await fetch(`${system.api.url}/api/keys/${id}`, {
      method: 'DELETE',
      headers: { cookie: cookie!, origin: system.api.url },
    });
    expect(answer.status).toBe(200);
    expect(await newest()).toMatchObject({ kind: 'key_revoked', actor: 'ana', key_id: null, surface: 'page' });
  });

  test('is read page by page to the first act, and back to a time', async () => {
    const acts: AuditAct[] = [];
    for (let before = ''; ; ) {
      const { items, next, fault } = await audit(`?limit=2${before}`);
      expect(fault).toBeNull();
      acts.push(...items);
      if (next === null) break;
      before = `&before=${next}`;
    }
    expect(acts.map(({ number }) => number)).toEqual(acts.map((_, i) => acts.length - i));
    expect(acts.at(-1)).toMatchObject({ number: 1, kind: 'project_created', previous_mac: null });
    for (const [i, { previous_mac }] of acts.slice(0, -1).entries()) expect(previous_mac).toBe(acts[i + 1]!.mac);
    expect((await audit('?since=1h&limit=200')).items).toHaveLength(acts.length);
    expect(await audit('?before=100000')).toMatchObject({ fault: null });
    for (const query of ['?since=1w', '?limit=0', '?limit=201', '?before=x', '?after=1'])
      expect((await system.call(system.admin_api_key, 'GET', `/api/audit${query}`)).status).toBe(400);
  });

  test('is for admins, and for keys that have the permission', async () => {
    const blind = await create({ owner: 'ops', role: 'admin', permissions: ['key:manage'] });
    for (const key of [system.agent_api_key, system.approver_api_key, blind.api_key])
      expect((await system.call(key, 'GET', '/api/audit')).status).toBe(403);
  });
});

describe('what a database writer did to it', () => {
  let restore: (() => Promise<unknown>) | undefined;
  afterEach(async () => {
    await restore?.();
    expect((await audit('?limit=200')).fault).toBeNull();
  });
  const incidents = async () =>
    (await owner.client.query('select kind from incidents where project_id = $1', [system.project_id])).rows.map(
      ({ kind }) => kind,
    );
  const without = async (number: number) => {
    const { rows } = await owner.client.query('delete from admin_acts where number = $1 returning *, details::text', [
      number,
    ]);
    const names = Object.keys(rows[0]);
    restore = () =>
      owner.client.query(
        `insert into admin_acts (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
        names.map((name) => rows[0][name]),
      );
  };

  test('is said: a changed act', async () => {
    restore = await owner.alter('admin_acts', 'actor', `project_id = '${system.project_id}' and number = 3`);
    const { items, fault } = await audit('?limit=200');
    expect(fault).toBe('act 3 was changed, or written by somebody else');
    expect(items.filter(({ authentic }) => !authentic).map(({ number }) => number)).toEqual([3]);
    expect(await incidents()).toContain('forged_row');
  });

  test('is said: a missing act, also at the edge of a page', async () => {
    await without(4);
    expect((await audit('?limit=200')).fault).toBe('act 4 is missing');
    expect((await audit('?limit=2&before=5')).fault).toBe('act 4 is missing');
  });

  test('is said: an act that is no act of ours', async () => {
    const { rows } = await owner.client.query('select max(number) as last from admin_acts');
    const number = rows[0].last + 1;
    await owner.client.query(
      `insert into admin_acts (project_id, number, epoch, kind, subject, actor, details, created_at, previous_mac, mac)
       select project_id, $1, epoch, kind, subject, 'eve', '"no object"', created_at, mac, mac from admin_acts where number = $1 - 1`,
      [number],
    );
    restore = () => owner.client.query('delete from admin_acts where number = $1', [number]);
    const { items, fault } = await audit('?limit=1');
    expect(fault).toContain(`act ${number} was changed`);
    expect(items[0]).toMatchObject({ actor: 'eve', authentic: false, details: {}, surface: null });
  });

  test('is said: the newest act was taken away while this api runs', async () => {
    const { id } = await create({});
    const { number } = await newest();
    expect(id).toMatch(/^key_/);
    await without(number);
    expect((await audit()).fault).toContain(`its last administrative act is ${number - 1}`);
    expect(await incidents()).toContain('rolled_back');
  });
});
