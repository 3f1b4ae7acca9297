import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningApi, startApi } from '../../api/main.ts';
import { FORWARDED_FROM } from '../../api/remote-address.ts';
import { newApiKey } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { eventStream } from '../faults/event-stream.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
const others: RunningApi[] = [];
beforeAll(async () => {
  system = await createSystem({
    policy: { default_routing: 'review_flagged', routes: [{ service: 'held', routing: 'review_all' }] },
  });
});
afterEach(async () => {
  await Promise.all(others.splice(0).map((api) => api.stop()));
});
afterAll(() => system.stop());

/** Another api of the same deployment, with these limits. */
async function api(limits: Record<string, string>): Promise<RunningApi> {
  const named = Object.entries(limits).map(([name, value]) => [
    name.startsWith('LETSPING') ? name : `LETSPING_LIMIT_${name}`,
    value,
  ]);
  const started = await startApi({ ...system.env, ...Object.fromEntries(named) });
  others.push(started);
  return started;
}
const send = (url: string, key: string, path: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
  });
const ingest = (url: string, service: string, key = system.agent_api_key) =>
  send(url, key, '/api/ingest', {
    method: 'POST',
    body: JSON.stringify({ service, action: 'read', payload: { q: 1 } }),
  });
const newKey = async (owner: string, role = 'agent') =>
  (await system.call(system.admin_api_key, 'POST', '/api/keys', { name: owner, owner, role })).body.api_key as string;
const limited = async ({ metrics }: RunningApi, limit: string, by: string) =>
  Number(
    new RegExp(`approvals_limited_total\\{limit="${limit}",by="${by}"\\} (\\d+)`).exec(
      await metrics.registry.metrics(),
    )?.[1] ?? 0,
  );
/** The first refusal: on a slow machine tokens come back between two calls. */
async function refusal(call: () => Promise<Response>): Promise<Response> {
  for (let n = 0; ; n++) {
    const answer = await call();
    if (answer.status === 429) return answer;
    if (n === 100) throw new Error(`still answered ${answer.status}`);
  }
}
const statuses = (answers: Response[]) => {
  const counted: Record<number, number> = {};
  for (const { status } of answers) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
};

describe('requests a minute', () => {
  test('above the limit are refused with Retry-After on every route, and other keys go on', async () => {
    const { url, ...running } = await api({ REQUESTS_PER_KEY: '60', REQUESTS_PER_PROJECT: '600' });
    const key = await newKey('busy');
    const first = await send(url, key, '/api/approval-requests');
    expect(first.headers.get('ratelimit-policy')).toBe('"key";q=60;w=60, "project";q=60;w=6');
    expect(first.headers.get('ratelimit')).toBe('"key";r=59;t=1');

    const answers = await Promise.all(
      Array.from({ length: 100 }, () => send(url, key, '/api/approval-requests?limit=1')),
    );
    const { 200: taken = 0, 429: refused = 0 } = statuses(answers);
    expect(taken + refused).toBe(100);
    expect(taken).toBeGreaterThanOrEqual(59);
    expect(refused).toBeGreaterThan(0);
    const last = await refusal(() => ingest(url, 'crm', key));
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(last.headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+$/);
    expect(await last.json()).toMatchObject({
      code: 'LETSPING_429_RATE_LIMIT',
      detail: 'More than 60 requests a minute came from this key.',
    });
    await refusal(() => send(url, key, '/api/nothing'));
    expect((await send(url, await newKey('quiet'), '/api/approval-requests')).status).toBe(200);
    expect(await limited(running as RunningApi, 'requests', 'key')).toBeGreaterThanOrEqual(refused + 2);
  });

  test('of a project are those of all its keys, and a refused one takes nothing', async () => {
    const { url } = await api({ REQUESTS_PER_KEY: '30', REQUESTS_PER_PROJECT: '60' });
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((owner) => newKey(owner)));
    const burst = async (key: string) =>
      statuses(await Promise.all(Array.from({ length: 60 }, () => send(url, key, '/api/approval-requests?limit=1'))));
    await burst(one!);
    expect((await burst(two!))[200]).toBeGreaterThanOrEqual(20);
    await burst(two!);
    const last = await refusal(() => send(url, three!, '/api/approval-requests'));
    expect(last.headers.get('ratelimit')).toMatch(/^"project";r=0;t=/);
    expect(await last.json()).toMatchObject({ code: 'rate_limited', detail: expect.stringContaining('this project') });
  });

  test('count for the page too', async () => {
    const { url } = await api({ REQUESTS_PER_KEY: '5' });
    const key = await newKey('reader', 'approver');
    const signedIn = await fetch(`${url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: url },
      body: new URLSearchParams({ api_key: key }),
    });
    const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => fetch(`${url}/requests`, { headers: { cookie } })),
    );
    expect(statuses(answers)[429]).toBeGreaterThan(0);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.text()).toContain('Too many requests');
  });

  test('are shared by all processes: what one let pass, another has less', async () => {
    const limits = { REQUESTS_PER_KEY: '60' };
    const [a, b] = [await api(limits), await api(limits)];
    const key = await newKey('shared');
    const from = Date.now();
    const passes = async ({ url }: RunningApi) =>
      (await send(url, key, '/api/approval-requests?limit=1')).status === 200;
    const told = async () =>
      Number((await system.database.asOwner('select coalesce(sum(used), 0) as used from limit_usage')).rows[0].used);
    const before = await told();
    expect([await passes(a), await passes(b)]).toEqual([true, true]);
    // Both have the row of this key: before its first exchange a process knows nothing of the others.
    await vi.waitFor(async () => expect(await told()).toBeGreaterThanOrEqual(before + 2), 5_000);
    let passed = 2;
    // A bucket that is full again is forgotten, so both are in use.
    for (let n = 0; n < 55; n++) passed += (await passes(n % 2 === 0 ? b : a)) ? 1 : 0;
    await refusal(async () => {
      const answer = await send(b.url, key, '/api/approval-requests?limit=1');
      if (answer.status === 200) passed += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return answer;
    });
    // One burst, what came in meanwhile, and what passed between two exchanges.
    expect(passed).toBeLessThanOrEqual(60 + (Date.now() - from) / 1_000 + 10);
    const { rows } = await system.database.asOwner('select octet_length(id) as length from limit_usage');
    expect(rows.every(({ length }) => length === 16)).toBe(true);
  });

  test('are limited by each process alone while the database cannot be asked', async () => {
    const { url } = await api({ REQUESTS_PER_KEY: '60' });
    const key = await newKey('alone');
    await system.database.asOwner('alter table limit_usage rename to limit_usage_away');
    try {
      const burst = await Promise.all(
        Array.from({ length: 90 }, () => send(url, key, '/api/approval-requests?limit=1')),
      );
      expect(statuses(burst)).toMatchObject({ 200: expect.any(Number), 429: expect.any(Number) });
      expect(statuses(burst)[200]).toBeLessThan(80);
    } finally {
      await system.database.asOwner('alter table limit_usage_away rename to limit_usage');
    }
  });

  test('are not limited when they are off', async () => {
    const { url } = await api({ REQUESTS_PER_KEY: 'off', REQUESTS_PER_PROJECT: 'off' });
    const answer = await send(url, system.agent_api_key, '/api/approval-requests');
    expect([answer.status, answer.headers.get('ratelimit'), answer.headers.get('ratelimit-policy')]).toEqual([
      200,
      null,
      null,
    ]);
  });
});

test('pending requests of a key are limited; what is allowed at once goes on, and a resolved one makes room', async () => {
  const running = await api({ PENDING_PER_KEY: '3' });
  const key = await newKey('full');
  const held = await Promise.all(Array.from({ length: 8 }, () => ingest(running.url, 'held', key)));
  expect(statuses(held)).toEqual({ 201: 3, 429: 5 });
  const refused = await ingest(running.url, 'held', key);
  expect(await refused.json()).toMatchObject({
    code: 'LETSPING_429_RATE_LIMIT',
    detail: '3 requests of this key wait for a person already. Nothing was opened.',
  });
  expect(refused.headers.get('retry-after')).toBe('30');
  expect((await ingest(running.url, 'crm', key)).status).toBe(201);
  expect((await ingest(running.url, 'held')).status).toBe(201);
  const { id } = (await held.find(({ status }) => status === 201)!.json()) as { id: string };
  await system.database.asOwner(
    "update approval_requests set status = 'cancelled', resolved_at = now() where id = $1",
    [id],
  );
  await vi.waitFor(async () => expect((await ingest(running.url, 'held', key)).status).toBe(201), 5_000);
  expect((await ingest(running.url, 'held', key)).status).toBe(429);
  expect(await limited(running, 'pending', 'key')).toBeGreaterThanOrEqual(6);
});

test('pending requests of a project are limited', async () => {
  const { url } = await api({ PENDING_PER_PROJECT: '1' });
  expect((await ingest(system.api.url, 'held')).status).toBe(201);
  const refused = await ingest(url, 'held', await newKey('another'));
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
    429,
    expect.stringContaining('of this project'),
  ]);
});

test('event streams are limited per key, and one that ends makes room', async () => {
  const running = await api({ STREAMS_PER_KEY: '2' });
  const { url } = running;
  const key = await newKey('listener');
  const open = [await eventStream(url, key), await eventStream(url, key)];
  const refused = await send(url, key, '/api/events');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
  const other = await eventStream(url, await newKey('other-listener'));
  open[0]!.stop();
  await vi.waitFor(async () => open.push(await eventStream(url, key)), 5_000);
  expect((await send(url, key, '/api/events', { method: 'HEAD' })).status).toBe(429);
  for (const stream of [...open, other]) stream.stop();
  await vi.waitFor(
    async () => expect((await send(url, key, '/api/events', { method: 'HEAD' })).status).toBe(200),
    5_000,
  );
  expect(await limited(running, 'streams', 'key')).toBeGreaterThanOrEqual(2);
});

test('a read above the limit of held reads is answered at once', async () => {
  const running = await api({ HELD_READS_PER_KEY: '1', LETSPING_STATUS_HOLD_MS: '3000' });
  const [one, two] = await Promise.all(
    [1, 2].map(async () => ((await (await ingest(running.url, 'held')).json()) as { id: string }).id),
  );
  const read = async (id: string) => {
    const from = performance.now();
    const answer = await send(running.url, system.agent_api_key, `/api/status/${id}`);
    return { status: answer.status, ms: performance.now() - from };
  };
  await Promise.all([read(one!), read(two!)]);
  const held = read(one!);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const atOnce = await read(two!);
  expect(await limited(running, 'held_reads', 'key')).toBe(1);
  const waited = await held;
  expect([atOnce.status, waited.status]).toEqual([200, 200]);
  expect(waited.ms).toBeGreaterThan(2_900);
  expect(atOnce.ms).toBeLessThan(waited.ms);
});

describe('failed sign-ins', () => {
  const unknown = () => newApiKey(newId('key'), 'test').api_key;
  const status = async (url: string, key: string, headers: Record<string, string> = {}) =>
    (await send(url, key, '/api/approval-requests', { headers })).status;

  test('of an address are refused unread, and a key that was good there still is', async () => {
    const running = await api({ FAILED_SIGN_INS_PER_ADDRESS: '5' });
    const { url } = running;
    expect(await status(url, system.agent_api_key)).toBe(200);
    for (let n = 0; n < 5; n++) expect(await status(url, unknown())).toBe(401);
    expect(await status(url, unknown())).toBe(429);
    expect(await status(url, unknown(), { 'x-forwarded-for': '203.0.113.9' })).toBe(429);
    expect(await status(url, system.agent_api_key)).toBe(200);
    const page = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { origin: url },
      body: new URLSearchParams({ api_key: unknown() }),
    });
    expect([page.status, page.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    const session = await fetch(`${url}/`, { headers: { cookie: `letsping=${'x'.repeat(43)}` } });
    expect(session.status).toBe(429);
    expect((await fetch(`${url}/login`)).status).toBe(200);
    expect(await limited(running, 'failed_sign_ins', 'address')).toBeGreaterThanOrEqual(4);
  });

  test('are counted by the address that a trusted proxy saw', async () => {
    const { url } = await api({ FAILED_SIGN_INS_PER_ADDRESS: '2', LETSPING_TRUSTED_PROXIES: '1' });
    const from = (address: string) => ({ 'x-forwarded-for': `198.51.100.1, ${address}` });
    const attacker = from('2001:db8:1:2::3');
    expect([await status(url, unknown(), attacker), await status(url, unknown(), attacker)]).toEqual([401, 401]);
    expect(await status(url, unknown(), from('2001:db8:1:2:ffff::9'))).toBe(429);
    expect(await status(url, await newKey('elsewhere'), from('203.0.113.7'))).toBe(200);
    expect(await status(url, unknown(), from('203.0.113.8'))).toBe(401);
  });

  test('of the id of a key refuse further failures, and never the secret', async () => {
    const { url } = await api({ FAILED_SIGN_INS_PER_KEY: '2' });
    const key = await newKey('target');
    const listed = (await system.call(system.admin_api_key, 'GET', '/api/keys')).body.items as {
      id: string;
      owner: string;
    }[];
    const guess = newApiKey(listed.find(({ owner }) => owner === 'target')!.id, 'test').api_key;
    expect([await status(url, guess), await status(url, guess), await status(url, guess)]).toEqual([401, 401, 429]);
    expect(await status(url, key)).toBe(200);
  });
});

test('slow senders of large bodies delay nobody, and have their own limit', async () => {
  const { url } = system.api;
  const slow = await newKey('slow');
  const port = Number(new URL(url).port);
  const answers: string[] = [];
  const sockets = await Promise.all(
    Array.from({ length: 22 }, async () => {
      const socket = connect(port, '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.on('error', () => {});
      socket.on('data', (data) => answers.push(String(data).slice(9, 12)));
      socket.write(
        `POST /api/ingest HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${slow}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
      );
      return socket;
    }),
  );
  const large = (key: string) =>
    send(url, key, '/api/ingest', {
      method: 'POST',
      body: JSON.stringify({
        service: 'crm',
        action: 'note',
        payload: { text: 'The parcel came back. '.repeat(2_000) },
      }),
    });
  await vi.waitFor(() => expect(answers).toEqual(['429', '429']), 10_000);
  expect((await large(slow)).status).toBe(429);
  expect(await limited(system.api, 'uploads', 'key')).toBeGreaterThanOrEqual(1);
  const answer = await large(system.agent_api_key);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('ratelimit')).toMatch(/^"key";r=\d+;t=\d+$/);
  expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeGreaterThanOrEqual(20);
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(async () => expect((await large(slow)).status).toBe(201), 10_000);
});

test('the thread for large bodies answers the main thread alone', async () => {
  const thread = await startApi(system.env, { forwardToken: 'secret' });
  others.push(thread);
  const status = async (headers: Record<string, string>) =>
    (await send(thread.url, system.agent_api_key, '/api/approval-requests', { headers })).status;
  expect(await status({})).toBe(404);
  expect(await status({ [FORWARDED_FROM]: 'wrong 127.0.0.1' })).toBe(404);
  expect(await status({ [FORWARDED_FROM]: 'secret 127.0.0.1' })).toBe(200);
});
