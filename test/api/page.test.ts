import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { html, marked, prose } from '../../api/page/html.ts';
import { localPath } from '../../api/page/local-path.ts';
import { sessionRoutes } from '../../api/page/session-routes.ts';
import { newApiKey, newToken, tokenHash } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createLoginLink } from '../../storage/bootstrap.ts';
import { identityStore } from '../../storage/identity-store.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
});
afterAll(() => system.stop());

interface Answer {
  status: number;
  text: string;
  headers: Headers;
  location: string | null;
  cookie: string | undefined;
}

async function send(
  path: string,
  init: RequestInit & { cookie?: string | undefined; origin?: string | null; fields?: Record<string, string> } = {},
): Promise<Answer> {
  const { cookie, origin = system.api.url, fields, ...rest } = init;
  const answer = await fetch(`${system.api.url}${path}`, {
    ...rest,
    ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    redirect: 'manual',
    headers: { ...(cookie !== undefined && { cookie }), ...(fields && origin !== null && { origin }) },
  });
  const set = answer.headers.getSetCookie().find((text) => /^(?:__Host-)?letsping=[^;]/.test(text));
  return {
    status: answer.status,
    text: await answer.text(),
    headers: answer.headers,
    location: answer.headers.get('location'),
    cookie: set?.split(';')[0],
  };
}

const loginLink = (owner = 'ana') =>
  createLoginLink({ databaseUrl: system.database.app_url, project_id: system.project_id, owner });

async function signIn(owner = 'ana'): Promise<string> {
  const answer = await send('/login', { fields: { once: await loginLink(owner) } });
  expect(answer).toMatchObject({ status: 303, location: '/' });
  return answer.cookie!;
}

const open = async (payload: unknown, more: object = {}): Promise<{ id: string; payload_digest: string }> =>
  (
    await system.call(system.agent_api_key, 'POST', '/api/ingest', {
      service: 'billing',
      action: 'refund',
      payload,
      ...more,
    })
  ).body;

describe('without a session', () => {
  test('a request shows nothing, and reads like one that does not exist', async () => {
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

  test('the inbox asks to sign in, and forms do too', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    expect(await send('/')).toMatchObject({ status: 401 });
    expect(await send(`/requests/${id}/decision`, { fields: { type: 'approve', payload_digest } })).toMatchObject({
      status: 401,
    });
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
  });

  test('an API key in a header is no session', async () => {
    const { id } = await open({ n: 1 });
    const answer = await fetch(`${system.api.url}/requests/${id}`, {
      headers: { authorization: `Bearer ${system.admin_api_key}` },
    });
    expect(answer.status).toBe(401);
  });
});

describe('signing in', () => {
  test('following the link takes nothing; the form takes it once', async () => {
    const once = await loginLink();
    for (let i = 0; i < 3; i++) {
      const shown = await send(`/login?once=${once}&next=/requests`);
      expect(shown).toMatchObject({ status: 200, cookie: undefined });
      expect(shown.headers.get('cache-control')).toBe('no-store');
      expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
      expect(shown.text).toContain(`value="${once}"`);
    }
    const taken = await send('/login', { fields: { once, next: '/requests?cursor=x' } });
    expect(taken).toMatchObject({ status: 303, location: '/requests?cursor=x' });
    expect(taken.headers.getSetCookie()[0]).toMatch(
      /^letsping=[\w-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    expect(await send('/', { cookie: taken.cookie })).toMatchObject({ status: 200 });

    const again = await send('/login', { fields: { once } });
    expect(again).toMatchObject({ status: 401, cookie: undefined });
    expect(again.text).toContain('This link was used already, or is older than 15 minutes.');
    expect(again.text).toContain('name="api_key"');
  });

  test('of many who use a link at once, one gets in', async () => {
    const once = await loginLink();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('/login', { fields: { once } })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test('an expired or invented link opens nothing', async () => {
    const once = await loginLink();
    const owner = new pg.Client({ connectionString: system.database.owner_url });
    await owner.connect();
    const { rowCount } = await owner
      .query(`update login_links set expires_at = now() where token_sha256 = $1`, [tokenHash(once)])
      .finally(() => owner.end());
    expect(rowCount).toBe(1);
    expect(await send('/login', { fields: { once } })).toMatchObject({ status: 401, cookie: undefined });
    const { token } = newToken();
    for (const bad of [token, 'short', `${once}x`])
      expect(await send('/login', { fields: { once: bad } })).toMatchObject({ status: 401, cookie: undefined });
  });

  test("an approver's or admin's key signs in, an agent's does not", async () => {
    for (const key of [system.approver_api_key, system.admin_api_key]) {
      const answer = await send('/login', { fields: { api_key: ` ${key}\n` } });
      expect(answer).toMatchObject({ status: 303, location: '/' });
      expect(await send('/', { cookie: answer.cookie })).toMatchObject({ status: 200 });
    }
    const agent = await send('/login', { fields: { api_key: system.agent_api_key } });
    expect(agent).toMatchObject({ status: 401, cookie: undefined });
    expect(agent.text).toContain('cannot sign in: agents ask, people decide');
    const unknown = newApiKey(newId('key'), 'test').api_key;
    for (const [key, sentence] of [
      [unknown, 'not known, or was revoked'],
      ['lp_test_x', 'not an API key'],
      ['', 'Give a key'],
    ] as const) {
      const answer = await send('/login', { fields: { api_key: key } });
      expect(answer).toMatchObject({ status: 401, cookie: undefined });
      expect(answer.text).toContain(sentence);
      if (key) expect(answer.text).not.toContain(key);
    }
  });

  test('each sign-in is a new session and ends the one before; signing out ends it too', async () => {
    const first = await signIn();
    const second = (await send('/login', { cookie: first, fields: { once: await loginLink() } })).cookie!;
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
  ])('after it, %j leads to %s', (asked, path) => {
    expect(localPath(asked)).toBe(path);
  });
});

describe('under https', () => {
  test('the cookie is bound to this host and to TLS', async () => {
    const app = express().use(
      sessionRoutes({
        identities: identityStore(system.database.pool),
        publicUrl: () => 'https://approvals.example.test',
      }),
    );
    const server = app.listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: 'https://approvals.example.test' },
        body: new URLSearchParams({ once: await loginLink() }),
      });
      expect(answer.headers.getSetCookie()[0]).toMatch(
        /^__Host-letsping=[\w-]{43}; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('the template', () => {
  test('escapes every value, for text and for quoted attributes', () => {
    const evil = `<i a="b" c='d'>&`;
    expect(String(html`<p title="${evil}">${evil}</p>`)).toBe(
      '<p title="&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;">&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;</p>',
    );
    expect(String(html`${[evil, html`<b>${evil}</b>`]}`)).not.toContain('<i');
  });

  test('takes markup from itself alone, and nothing for what is not there', () => {
    expect(
      String(html`<ul>${['a', 'b'].map((item) => html`<li>${item}</li>`)}</ul>${false}${null}${undefined}${0}`),
    ).toBe('<ul><li>a</li><li>b</li></ul>0');
    const posing = { toString: () => '<script>' } as unknown as string;
    expect(String(html`${[String(posing)]}`)).toBe('&lt;script&gt;');
  });

  test.each([
    ['\u202E', 'U+202E'],
    ['\u200B', 'U+200B'],
    ['\u0000', 'U+0000'],
    ['\u3164', 'U+3164'],
    ['\u{E0041}', 'U+E0041'],
    ['\uD800', 'U+D800'],
    ['\n', 'U+000A'],
  ])('writes %j out as %s', (char, name) => {
    expect(String(html`a${char}b`)).toBe(`a${name}b`);
    expect(String(marked(`a${char}b`))).toBe(`a<span class="unseen">${name}</span>b`);
  });

  test('leaves what people can read, and the line breaks of prose', () => {
    expect(String(html`Grüße, 東京 ❤️ – שלום`)).toBe('Grüße, 東京 ❤️ – שלום');
    expect(String(prose('one\r\n<two>\u202E'))).toBe('one\n&lt;two&gt;U+202E');
  });
});

describe('forms', () => {
  test.each([
    ['no origin', null, 'it has no Origin header'],
    ['another site', 'https://evil.test', 'comes from another address'],
    ['an opaque origin', 'null', 'comes from another address'],
  ])('from %s are refused', async (_name, origin, sentence) => {
    const { id, payload_digest } = await open({ n: 1 });
    const cookie = await signIn();
    const once = await loginLink();
    for (const [path, fields] of [
      ['/login', { once }],
      ['/logout', {}],
      [`/requests/${id}/decision`, { type: 'approve', payload_digest }],
      [`/requests/${id}/preview`, { patched_payload: '{}' }],
    ] as [string, Record<string, string>][]) {
      const answer = await send(path, { cookie, origin, fields });
      expect(answer).toMatchObject({ status: 403, cookie: undefined });
      expect(answer.text).toContain(sentence);
    }
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
    expect(await send('/login', { fields: { once } })).toMatchObject({ status: 303 }); // the link was not spent
  });

  test('that are too large are refused with a sentence', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const answer = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'patch', payload_digest, patched_payload: 'x'.repeat(300_000) },
    });
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('too large');
  });
});

describe('a held request', () => {
  test('is shown with its text as text: no markup, no hidden characters', async () => {
    const cookie = await signIn();
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
    const bidi = 'invoice\u202Efdp.exe\u200B\u0007';
    const { id } = await open(
      { [evil]: evil, nested: { name: bidi } },
      { action: `pay${evil}`, context: { thread_id: evil, node: bidi } },
    );
    const page = await send(`/requests/${id}`, { cookie });
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/<script>|<img src=x|[\u202E\u200B\u0007]/);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).toContain('invoice<span class="unseen">U+202E</span>fdp.exe<span class="unseen">U+200B</span>');
    expect(page.text).toContain('invoice\\u202efdp.exe\\u200b'); // in the text field
    expect((await send('/', { cookie })).text).not.toMatch(/<script>|<img src=x/);
  });

  test('comes under a strict policy, and nothing of the page is inline', async () => {
    const { id } = await open({ n: 1 });
    const page = await send(`/requests/${id}`, { cookie: await signIn() });
    const csp = page.headers.get('content-security-policy');
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ])
      expect(csp).toContain(directive);
    expect(csp).not.toContain('unsafe');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).not.toMatch(/ style=| on\w+=|<style|<script(?! type="module" src="\/assets\/)/);
    expect([...page.text.matchAll(/(?:src|href|action)="([^"]*)"/g)].every(([, url]) => /^[/#](?!\/)/.test(url!))).toBe(
      true,
    );
  });

  test('says why it was held, with the value at the place of each finding', async () => {
    const { id, payload_digest } = await open({ url: 'http://169.254.169.254/latest/meta-data' });
    const { text } = await send(`/requests/${id}`, { cookie: await signIn() });
    expect(text).toContain('egress/');
    expect(text).toContain('<code>/url</code>');
    expect(text).toMatch(
      /<mark class="(?:high|critical)"[^>]*><span class="json-string">&quot;http:\/\/169\.254\.169\.254/,
    );
    expect(text).toContain(payload_digest);
    expect(text).toContain('dev-agent wants to run');
    const quiet = await open({ n: 1 });
    expect((await send(`/requests/${quiet.id}`, { cookie: await signIn() })).text).toContain('Held by policy');
  });

  test('is unknown under an id that is not one', async () => {
    const cookie = await signIn();
    for (const id of [newId('req'), 'x', '%00']) {
      const answer = await send(`/requests/${id}`, { cookie });
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('There is no such approval request.');
    }
  });

  test('is approved by a form, once; who comes later is told', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const [ana, bo] = [await signIn('ana'), await signIn('bo')];
    const decided = await send(`/requests/${id}/decision`, {
      cookie: ana,
      fields: { type: 'approve', payload_digest },
    });
    expect(decided).toMatchObject({ status: 303, location: `/requests/${id}#outcome` });
    const { text } = await send(`/requests/${id}`, { cookie: ana });
    expect(text).toContain('Approved by ana');
    expect(text).toContain(`letsping verify ${id}.jws --keys jwks.json`);
    const receipt = await system.call(system.admin_api_key, 'GET', `/api/approval-requests/${id}/receipt`);
    expect(text).toContain(receipt.text);
    expect(text).not.toContain('data-decide');
    const late = await send(`/requests/${id}/decision`, {
      cookie: bo,
      fields: { type: 'reject', reason: 'no', payload_digest },
    });
    expect(late.status).toBe(409);
    expect(late.text).toMatch(/This request is already approved \(by ana, \d{4}-/);
  });

  test('is rejected with a reason, and not without', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const cookie = await signIn();
    const without = await send(`/requests/${id}/decision`, {
      cookie,
      fields: { type: 'reject', reason: '  ', payload_digest },
    });
    expect(without.status).toBe(400);
    expect(without.text).toContain('A rejection needs a reason');
    await send(`/requests/${id}/decision`, {
      cookie,
      fields: { type: 'reject', reason: 'wrong <b>customer</b>\r\nask again', payload_digest },
    });
    const { text } = await send(`/requests/${id}`, { cookie });
    expect(text).toContain('Rejected by ana');
    expect(text).toContain('<blockquote>wrong &lt;b&gt;customer&lt;/b&gt;\nask again</blockquote>');
  });

  test('is not decided on another payload than the one that was shown', async () => {
    const { id } = await open({ n: 1 });
    const answer = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'approve', payload_digest: `sha256:${'0'.repeat(64)}` },
    });
    expect(answer.status).toBe(412);
    expect(answer.text).toContain('The payload is not the one that was shown.');
  });

  test('is not decided by whoever asked', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const cookie = await signIn('dev-agent');
    expect((await send(`/requests/${id}`, { cookie })).text).not.toContain('data-decide');
    const answer = await send(`/requests/${id}/decision`, { cookie, fields: { type: 'approve', payload_digest } });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('You asked for this yourself');
  });
});

describe('when the system is not whole', () => {
  const elsewhere = async (options: Parameters<typeof createSystem>[0], work: () => Promise<void>) => {
    const [previous, other] = [system, await createSystem(options)];
    system = other;
    try {
      await work();
    } finally {
      system = previous;
      await other.stop();
    }
  };

  test('without Temporal nothing is decided, and the page says so', () =>
    elsewhere({ env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }, async () => {
      const { id, payload_digest } = await open({ n: 1 });
      const answer = await send(`/requests/${id}/decision`, {
        cookie: await signIn(),
        fields: { type: 'reject', reason: 'kept for you', payload_digest },
      });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(answer.text).toContain(
        'Temporal does not answer; nothing is decided so far. Send the same decision again.',
      );
      expect(answer.text).toContain('kept for you</textarea>');
    }));

  test('without a worker the decision is recorded, and the page says that it is not yet effective', () =>
    elsewhere({}, async () => {
      const { id, payload_digest } = await open({ n: 1 });
      const cookie = await signIn();
      const answer = await send(`/requests/${id}/decision`, { cookie, fields: { type: 'approve', payload_digest } });
      expect(answer).toMatchObject({
        status: 303,
        location: expect.stringMatching(new RegExp(`^/requests/${id}\\?recorded=dec_\\w+$`)),
      });
      const sentence = 'Your decision is recorded, and not yet effective.';
      expect((await send(answer.location!, { cookie })).text).toContain(sentence);
      expect((await send(answer.location!, { cookie: await signIn('bo') })).text).not.toContain(sentence);
      expect((await send(`/requests/${id}?recorded=${newId('dec')}`, { cookie })).text).not.toContain(sentence);
    }));
});

describe('a patch', () => {
  test('is previewed as sentences without a script, and the text stays', async () => {
    const { id, payload_digest } = await open({ amount: 500, to: 'ana' });
    const { status, text } = await send(`/requests/${id}/preview`, {
      cookie: await signIn(),
      fields: { payload_digest, patched_payload: '{"amount": 200, "to": "ana"}' },
    });
    expect(status).toBe(200);
    expect(text).toContain('<li>amount: 500 → 200</li>');
    expect(text).toContain('{&quot;amount&quot;: 200, &quot;to&quot;: &quot;ana&quot;}</textarea>');
  });

  test.each([
    ['{"amount": 1, "amount": 2}', 'The patch names one key twice.'],
    ['{"amount": ', 'The patch is not JSON.'],
    ['[1]', 'The patch has to be a JSON object.'],
    ['{"__proto__": {}}', 'prototype'],
    ['{"amount": 500}', 'The patch changes nothing'],
    ['{}', 'An empty patch is refused'],
  ])('%s is refused in place', async (patched_payload, sentence) => {
    const { id, payload_digest } = await open({ amount: 500 });
    const { status, text } = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'patch', payload_digest, patched_payload },
    });
    expect([400, 422]).toContain(status);
    expect(text).toContain(sentence);
    expect(text).toContain(`${patched_payload.replaceAll('"', '&quot;')}</textarea>`);
    expect(text).toContain('data-decide');
  });

  test('that the firewall refuses is told with its findings; the request stays open and the text is kept', async () => {
    const { id, payload_digest } = await open({ url: 'https://api.example.com/v1' });
    const patched_payload = '{"url": "http://169.254.169.254/latest/meta-data"}';
    const { status, text } = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'patch', payload_digest, patched_payload },
    });
    expect(status).toBe(422);
    expect(text).toContain('The firewall refuses the patched payload. The request is still open.');
    expect(text).toContain('egress/');
    expect(text).toContain('169.254.169.254/latest/meta-data&quot;}</textarea>');
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
  });

  test('is what runs, shown with the difference', async () => {
    const { id, payload_digest } = await open({ amount: 500, to: 'ana' });
    const cookie = await signIn();
    const decided = await send(`/requests/${id}/decision`, {
      cookie,
      fields: { type: 'patch', payload_digest, patched_payload: '{"amount": 200, "to": "ana"}' },
    });
    expect(decided.status).toBe(303);
    const { text } = await send(`/requests/${id}`, { cookie });
    expect(text).toContain('Approved with modifications by ana');
    expect(text).toContain('<li>amount: 500 → 200</li>');
    expect(text).toContain('What runs instead');
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.patched_payload).toEqual({
      amount: 200,
      to: 'ana',
    });
  });
});

describe('the inbox', () => {
  test('lists what waits, newest first, over pages; and says when nothing does', async () => {
    const other = await createSystem();
    const previous = system;
    system = other;
    try {
      const cookie = await signIn();
      expect((await send('/', { cookie })).text).toContain('Nothing waits for a decision.');
      const ids: string[] = [];
      for (let i = 0; i < 52; i++) ids.push((await open({ i })).id);
      const first = await send('/', { cookie });
      const listed = (text: string) => [...text.matchAll(/href="\/requests\/(req_\w+)"/g)].map(([, id]) => id);
      expect(listed(first.text)).toEqual(ids.toReversed().slice(0, 50));
      const next = /rel="next" href="([^"]+)"/.exec(first.text)![1]!;
      expect(listed((await send(next, { cookie })).text)).toEqual(ids.toReversed().slice(50));
      expect(await send('/?cursor=junk', { cookie })).toMatchObject({ status: 400 });
    } finally {
      system = previous;
      await other.stop();
    }
  });
});

describe('assets', () => {
  test('have their types, are kept for as long as their version lasts, and are no way to other files', async () => {
    const { text } = await send('/login');
    const style = /href="(\/assets\/[^"]+style\.css)"/.exec(text)![1]!;
    const answer = await send(style);
    expect(answer.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.text).not.toMatch(/url\(|@import/);
    expect((await send('/assets/old/style.css')).headers.get('cache-control')).toBe('no-cache');
    const script = await send(style.replace('style.css', 'domain/diff.js'));
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    for (const path of ['api/main.js', 'domain/../api/main.js', '..%2fpackage.json', '__proto__', 'constructor']) {
      expect(await send(style.replace('style.css', path))).toMatchObject({ status: 404 });
    }
  });
});
