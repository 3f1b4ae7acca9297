import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGrants } from '../../api/live/grants.ts';
import { assignRequestId } from '../../api/middleware/request-id.ts';
import { localPath } from '../../api/page/local-path.ts';
import { sessionRoutes } from '../../api/page/session-routes.ts';
import { newApiKey, newToken, tokenHash } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { openedLink } from '../helpers/opened-link.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
});
afterAll(() => system.stop());
const { loginLink, open, opened, send, signIn } = visitorOf(() => system);

describe('without a session', () => {
  test('a request shows nothing, and looks like one that does not exist', async () => {
    const { id } = await open({ secret_note: 'for-people-only' });
    const [there, absent, junk] = await Promise.all([
      send(`/requests/${id}`),
      send(`/requests/${newId('req')}`),
      send('/requests/x'),
    ]);
    expect(there.status).toBe(401);
    expect(there.text).toContain('<h1>Sign in</h1>');
    expect(there.text).toContain(`name="next" value="/requests/${id}"`);
    expect(there.text).not.toMatch(/secret_note|for-people-only|billing|refund/);
    const blank = (text: string) => text.replaceAll(/\/requests\/\w+/g, '');
    expect(blank(absent.text)).toBe(blank(there.text));
    expect(blank(junk.text)).toBe(blank(there.text));
    expect(absent.status).toBe(401);
  });

  test('inbox and forms require sign-in', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    expect(await send('/')).toMatchObject({ status: 401 });
    expect(await send(`/requests/${id}/decision`, { fields: { type: 'approve', payload_digest } })).toMatchObject({
      status: 401,
    });
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
  });

  test('an API key in a header does not open a page', async () => {
    const { id } = await open({ n: 1 });
    const answer = await fetch(`${system.api.url}/requests/${id}`, {
      headers: { authorization: `Bearer ${system.admin_api_key}` },
    });
    expect(answer.status).toBe(401);
  });
});

describe('signing in', () => {
  test('opening the link does not use it; the form uses it once', async () => {
    const once = await loginLink();
    for (let i = 0; i < 3; i++) {
      const shown = await send(`/login?once=${once}&next=/requests`);
      expect(shown).toMatchObject({ status: 200, cookie: undefined });
      expect(shown.headers.get('cache-control')).toBe('no-store');
      expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
      expect(shown.text).toContain(`value="${once}"`);
    }
    const { cookie, fields } = await opened(once);
    const taken = await send('/login', { cookie, fields: { ...fields, next: '/requests?cursor=x' } });
    expect(taken).toMatchObject({ status: 303, location: '/requests?cursor=x' });
    expect(taken.headers.getSetCookie()[0]).toMatch(
      /^letsping=[\w-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    expect(await send('/', { cookie: taken.cookie })).toMatchObject({ status: 200 });

    const again = await send('/login', await opened(once));
    expect(again).toMatchObject({ status: 401, cookie: undefined });
    expect(again.text).toContain('This link was used already, or is older than 15 minutes.');
    expect(again.text).toContain('name="api_key"');
  });

  test('a link signs in the browser that opened it, and no other; a refused form does not use it up', async () => {
    const once = await loginLink();
    const [mine, other] = [await opened(once), await opened(once)];
    for (const [cookie, fields] of [
      [undefined, mine.fields], // the form, read by somebody else
      [other.cookie, mine.fields],
      [mine.cookie, other.fields],
      [mine.cookie, { once }],
      [mine.cookie, { ...mine.fields, opened: 'x' }],
      [mine.cookie, { ...mine.fields, once: await loginLink() }],
    ] as const) {
      const answer = await send('/login', { cookie, fields });
      expect(answer).toMatchObject({ status: 401, cookie: undefined });
      expect(answer.text).toContain('Open the link in this browser');
    }
    expect(await send('/login', mine)).toMatchObject({ status: 303 });
    expect(await send('/login', other)).toMatchObject({ status: 401, cookie: undefined });
  });

  test('of many uses of a link at once, one succeeds', async () => {
    const link = await opened(await loginLink());
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('/login', link)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test('an expired or invented link does not sign in', async () => {
    const once = await loginLink();
    const owner = new pg.Client({ connectionString: system.database.owner_url });
    await owner.connect();
    const { rowCount } = await owner
      .query(`update login_links set expires_at = now() where token_sha256 = $1`, [tokenHash(once)])
      .finally(() => owner.end());
    expect(rowCount).toBe(1);
    expect(await send('/login', await opened(once))).toMatchObject({ status: 401, cookie: undefined });
    const { token } = newToken();
    for (const bad of [token, 'short', `${once}x`])
      expect(await send('/login', await opened(bad))).toMatchObject({ status: 401, cookie: undefined });
  });

  test("an approver's or admin's key signs in, an agent's does not", async () => {
    for (const key of [system.approver_api_key, system.admin_api_key]) {
      const answer = await send('/login', { fields: { api_key: ` ${key}\n` } });
      expect(answer).toMatchObject({ status: 303, location: '/' });
      expect(await send('/', { cookie: answer.cookie })).toMatchObject({ status: 200 });
    }
    const agent = await send('/login', { fields: { api_key: system.agent_api_key } });
    expect(agent).toMatchObject({ status: 401, cookie: undefined });
    expect(agent.text).toContain('cannot sign in: only people decide');
    const unknown = newApiKey(newId('key'), 'test').api_key;
    for (const [key, sentence] of [
      [unknown, 'unknown or revoked'],
      ['lp_test_x', 'not an API key'],
      ['', 'Enter a key'],
    ] as const) {
      const answer = await send('/login', { fields: { api_key: key } });
      expect(answer).toMatchObject({ status: 401, cookie: undefined });
      expect(answer.text).toContain(sentence);
      if (key) expect(answer.text).not.toContain(key);
    }
  });

  test('each sign-in is a new session and ends the previous one; signing out ends it too', async () => {
    const first = await signIn();
    const link = await opened(await loginLink());
    const second = (await send('/login', { ...link, cookie: `${first}; ${link.cookie}` })).cookie!;
    expect(second).not.toBe(first);
    expect(await send('/', { cookie: first })).toMatchObject({ status: 401 });
    expect(await send('/', { cookie: second })).toMatchObject({ status: 200 });
    expect(await send('/logout', { cookie: second, fields: {} })).toMatchObject({ status: 303, location: '/login' });
    expect(await send('/', { cookie: second })).toMatchObject({ status: 401 });
  });

  test.each([
    ['/requests/req_1', '/requests/req_1'],
    ['/?cursor=abc', '/?cursor=abc'],
    ['//evil.test', '/'],
    ['/\\evil.test', '/'],
    ['/\t/evil.test', '/'],
    ['/a/..//evil.test', '/'],
    ['https://evil.test', '/'],
    ['javascript:alert(1)', '/'],
    ['', '/'],
    [undefined, '/'],
    [['/a'], '/'],
  ])('after it, %j leads to %s', (target, path) => {
    expect(localPath(target)).toBe(path);
  });
});

describe('under https', () => {
  test('the cookie is bound to this host and to TLS', async () => {
    const { pool } = system.database;
    const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(pool));
    const app = express().use(
      (req, res, next) => {
        assignRequestId(req, res);
        next();
      },
      sessionRoutes({
        identities: apiStores(pool, keyring).identities,
        grants: createGrants({ endedAmong: async () => () => false }),
        access: { signIns: { begin() {}, succeeded() {}, failed() {} } },
        publicUrl: () => 'https://approvals.example.test',
      }),
    );
    const server = app.listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { cookie, fields } = await openedLink(url, await loginLink());
      expect(cookie).toMatch(/^__Host-letsping-link=/);
      const answer = await fetch(`${url}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: 'https://approvals.example.test', cookie },
        body: new URLSearchParams(fields),
      });
      expect(answer.headers.getSetCookie()[0]).toMatch(
        /^__Host-letsping=[\w-]{43}; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
