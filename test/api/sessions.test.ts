import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFirstProject } from '../../storage/access/bootstrap.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
let foreign: string;
beforeAll(async () => {
  system = await createSystem();
  const other = await createFirstProject({
    databaseUrl: system.database.app_url,
    rootKey: system.env['LETSPING_ROOT_KEY']!,
    name: 'other',
    environment: 'test',
  });
  foreign = other.admin_api_key;
});
afterAll(() => system.stop());
const { send, signIn } = visitorOf(() => system);

const list = async () => (await system.call(system.admin_api_key, 'GET', '/api/sessions')).body.items;
const idOf = async (owner: string): Promise<string> =>
  (await list()).find((session: { owner: string }) => session.owner === owner).id;
const acts = async (): Promise<{ subject: string; actor: string; details: string }[]> =>
  (await system.database.asOwner("select subject, actor, details from admin_acts where kind = 'session_ended'")).rows;

describe('an administrator', () => {
  test('lists sessions without their tokens, and ends one', async () => {
    const cookie = await signIn('ana');
    const byKey = await send('/login', { fields: { api_key: system.approver_api_key } });
    const items = await list();
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^ses_[0-7][0-9a-z]{25}$/),
        owner: 'ana',
        role: 'approver',
        key_id: null,
        created_at: expect.any(String),
        expires_at: expect.any(String),
        authentic: true,
      },
      expect.objectContaining({ owner: 'dev-approver', key_id: expect.stringMatching(/^key_/) }),
    ]);
    expect(JSON.stringify(items)).not.toContain(cookie.split('=')[1]);

    const end = () => system.call(system.admin_api_key, 'DELETE', `/api/sessions/${items[0].id}`);
    expect(await end()).toMatchObject({ status: 200, body: { id: items[0].id, owner: 'ana' } });
    expect((await send('/', { cookie })).status).toBe(401);
    expect((await send('/', { cookie: byKey.cookie })).status).toBe(200);
    expect(await end()).toMatchObject({ status: 404, body: { detail: 'There is no such session.' } });
    expect(await acts()).toEqual([
      { subject: items[0].id, actor: 'dev-admin', details: expect.objectContaining({ owner: 'ana' }) },
    ]);
  });

  test('of another project, an approver and an agent do not', async () => {
    const cookie = await signIn('bea');
    const path = `/api/sessions/${await idOf('bea')}`;
    expect((await system.call(foreign, 'GET', '/api/sessions')).body.items).toEqual([]);
    expect((await system.call(foreign, 'DELETE', path)).status).toBe(404);
    for (const key of [system.approver_api_key, system.agent_api_key]) {
      expect((await system.call(key, 'GET', '/api/sessions')).status).toBe(403);
      expect((await system.call(key, 'DELETE', path)).status).toBe(403);
    }
    expect((await send('/', { cookie })).status).toBe(200);
  });

  test('ends the event stream of the session', async () => {
    const cookie = await signIn('cleo');
    const stream = await fetch(`${system.api.url}/api/events`, { headers: { cookie } });
    await system.call(system.admin_api_key, 'DELETE', `/api/sessions/${await idOf('cleo')}`);
    expect(await stream.text()).toContain('"reason":"revoked"');
  });
});

test('a session that was inserted or changed in the database is listed as not authentic', async () => {
  await signIn('dora');
  await system.database.asOwner("update sessions set role = 'admin' where owner = 'dora'");
  expect((await list()).find(({ owner }: { owner: string }) => owner === 'dora')).toMatchObject({ authentic: false });
  expect((await system.call(system.admin_api_key, 'DELETE', `/api/sessions/${await idOf('dora')}`)).status).toBe(200);
});

describe('a person', () => {
  test('sees and ends their own sessions, and no others', async () => {
    const [here, there, other] = [await signIn('eve'), await signIn('eve'), await signIn('finn')];
    const page = await send('/sessions', { cookie: here });
    expect(page.status).toBe(200);
    expect(page.text.match(/action="\/sessions\/ses_/g)).toHaveLength(2);
    expect(page.text.match(/This session/g)).toHaveLength(1);
    const finns = await idOf('finn');
    expect(page.text).not.toContain(finns);
    expect((await send(`/sessions/${finns}/end`, { cookie: here, fields: {} })).status).toBe(404);
    expect((await send('/', { cookie: other })).status).toBe(200);

    const theirs = [...page.text.matchAll(/This session|Another session|sessions\/(ses_\w+)\/end/g)].map(
      ([text, id]) => id ?? text,
    );
    const another = theirs[theirs.indexOf('Another session') + 1]!;
    expect(
      await send(`/sessions/${another}/end`, { cookie: here, origin: 'https://evil.test', fields: {} }),
    ).toMatchObject({ status: 403 });
    expect(await send(`/sessions/${another}/end`, { cookie: here, fields: {} })).toMatchObject({
      status: 303,
      location: '/sessions',
    });
    expect((await send('/', { cookie: there })).status).toBe(401);
    expect((await send('/sessions', { cookie: here })).status).toBe(200);
  });

  test('ends the session that they use', async () => {
    const cookie = await signIn('gil');
    expect((await send(`/sessions/${await idOf('gil')}/end`, { cookie, fields: {} })).status).toBe(303);
    expect((await send('/sessions', { cookie })).status).toBe(401);
  });
});
