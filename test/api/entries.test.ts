import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RunningApi, startApi } from '../../api/main.ts';
import { CLAIM_HEADER } from '../../contracts/claim-header.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** An exact address is found before Express; one of another spelling by its router. Each case is sent through both. */
const ADDRESSES = { entry: '/api/ingest', router: '/api//ingest' };
type Entry = keyof typeof ADDRESSES;
const ENTRIES = ['entry', 'router'] as const;

let system: TestSystem;
/** Each limit is met at the third call. */
let limited: RunningApi;
const keys: Record<string, string> = {};

beforeAll(async () => {
  system = await createSystem({
    policy: {
      default_routing: 'review_all',
      routes: [{ service: 'crm', routing: 'observe' }],
    },
  });
  limited = await startApi({
    ...system.env,
    LETSPING_LIMIT_REQUESTS_PER_KEY: '2',
    LETSPING_LIMIT_FAILED_SIGN_INS_PER_ADDRESS: '2',
  });
  const make = async (name: string, more: object) => {
    const body = { name, owner: name, role: 'agent', ...more };
    const answer = await system.call(system.admin_api_key, 'POST', '/api/keys', body);
    expect(answer.status).toBe(201);
    keys[name] = answer.body.api_key;
  };
  await make('narrow', { services: ['crm'] });
  await make('without', { permissions: ['approval:read'] });
  for (const entry of Object.keys(ADDRESSES)) await make(`limited-${entry}`, {});
  keys['agent'] = system.agent_api_key;
  keys['approver'] = system.approver_api_key;
});
afterAll(async () => {
  await limited?.stop();
  await system?.stop();
});

interface Sent {
  method?: string;
  key?: string | null;
  headers?: Record<string, string>;
  body?: unknown;
  url?: string;
  chunked?: boolean;
}
interface Answer {
  status: number | undefined;
  headers: string[];
  text: string;
}
type Send = (sent?: Sent) => Promise<Answer>;

/** What differs between two calls of one meaning. */
const alike = (text: string) =>
  text
    .replaceAll(/(req|dec|key|prj)_[0-9a-z]{26}/g, '$1_…')
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:…')
    .replaceAll(/"digest_salt":"[\w-]{43}"/g, '"digest_salt":"…"')
    .replaceAll(/"token_sha256":"[0-9a-f]{64}"/g, '"token_sha256":"…"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…Z')
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '…JWS')
    .replaceAll(/limited-(entry|router)/g, 'limited-…');
const VARYING: Record<string, (value: string) => string> = {
  date: () => '…',
  ratelimit: (value) => value.replaceAll(/\d+/g, '…'),
  'content-length': () => '…',
};
const linesOf = (raw: string[]) =>
  raw.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${(VARYING[name.toLowerCase()] ?? String)(raw[at + 1] ?? '')}`] : [],
  );

const sender =
  (entry: Entry): Send =>
  ({ method = 'POST', key = 'agent', headers = {}, body, url = system.api.url, chunked = false } = {}) =>
    new Promise((resolve, reject) => {
      const bytes =
        body === undefined
          ? undefined
          : typeof body === 'string' || Buffer.isBuffer(body)
            ? body
            : JSON.stringify(body);
      const given: IncomingHttpHeaders = {
        'x-request-id': 'of-the-test',
        ...(key !== null && { authorization: `Bearer ${keys[key] ?? key}` }),
        ...(bytes !== undefined && { 'content-type': 'application/json' }),
        ...(bytes !== undefined && !chunked && { 'content-length': String(Buffer.byteLength(bytes)) }),
        ...headers,
      };
      const call = request(`${url}${ADDRESSES[entry]}`, { method, headers: given, agent: false }, (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (part: string) => {
          text += part;
        });
        res.on('end', () => resolve({ status: res.statusCode, headers: linesOf(res.rawHeaders), text: alike(text) }));
      });
      call.on('error', reject);
      if (chunked) call.write(bytes);
      call.end(chunked ? undefined : bytes);
    });

const allowed = { service: 'crm', action: 'note', payload: { text: 'The parcel came back.' } };
const held = { ...allowed, service: 'billing' };
const LARGE = { ...allowed, payload: { text: 'The parcel came back. '.repeat(2_000) } };
const token = 'a'.repeat(43);

/** The cases of the other tests of ingest, with the statuses of their answers. */
const CASES: Record<string, [send: (send: Send, entry: Entry) => Promise<Answer | Answer[]>, ...statuses: number[]]> = {
  'an allowed action': [(send) => send({ body: allowed }), 201],
  'a held action': [(send) => send({ body: held }), 201],
  'a blocked action': [
    (send) => send({ body: { ...allowed, service: 'never', payload: { url: 'http://169.254.169.254/' } } }),
    201,
  ],
  'every member': [
    (send) =>
      send({
        body: {
          ...held,
          priority: 'high',
          metadata: { a: 1 },
          context: { thread_id: 't' },
          expires_in_ms: 60_000,
          x: 1,
        },
      }),
    201,
  ],
  'a schema that is ignored': [(send) => send({ body: { ...held, schema: { type: 'nonsense' } } }), 201],
  'a claim': [(send) => send({ body: { ...allowed, claim: true }, headers: { [CLAIM_HEADER]: token } }), 201],
  'a claim without a token': [(send) => send({ body: { ...allowed, claim: true } }), 400],
  'a malformed token': [(send) => send({ body: { ...allowed, claim: true }, headers: { [CLAIM_HEADER]: '!' } }), 400],
  'retryable without a claim': [(send) => send({ body: { ...allowed, retryable: true } }), 422],
  'a context in a header': [
    (send) => send({ body: allowed, headers: { 'x-letsping-context': '{"thread_id":"t"}' } }),
    201,
  ],
  'a malformed context in a header': [(send) => send({ body: allowed, headers: { 'x-letsping-context': '{' } }), 400],
  'an Idempotency-Key, its repeat, and another body': [
    async (send, entry) => {
      const headers = { 'idempotency-key': `key ${entry}` };
      return [
        await send({ body: allowed, headers }),
        await send({ body: allowed, headers }),
        await send({ body: held, headers }),
      ];
    },
    201,
    201,
    422,
  ],
  'an Idempotency-Key that is too long': [
    (send) => send({ body: allowed, headers: { 'idempotency-key': 'k'.repeat(256) } }),
    400,
  ],
  'an own X-Request-Id that is refused': [(send) => send({ key: null, headers: { 'x-request-id': 'ok' } }), 401],
  'no key': [(send) => send({ key: null, body: allowed }), 401],
  'no key, under another host': [(send) => send({ key: null, body: allowed, headers: { host: 'evil.example' } }), 404],
  'a cookie of no session': [
    (send) => send({ key: null, body: allowed, headers: { cookie: `letsping=${token}` } }),
    401,
  ],
  'an unknown key': [(send) => send({ key: 'lp_test_nonsense', body: allowed }), 401],
  'another scheme': [(send) => send({ key: null, body: allowed, headers: { authorization: 'Basic abc' } }), 401],
  'a key of another role': [(send) => send({ key: 'approver', body: allowed }), 403],
  'a key without the permission': [(send) => send({ key: 'without', body: allowed }), 403],
  'a service that is not of the key': [(send) => send({ key: 'narrow', body: held }), 403],
  'no body': [(send) => send(), 400],
  'an empty body': [(send) => send({ body: '' }), 400],
  'no JSON': [(send) => send({ body: '{' }), 400],
  'a member twice': [(send) => send({ body: '{"service":"a","service":"b"}' }), 400],
  'a member of another type': [(send) => send({ body: { ...allowed, service: 1 } }), 400],
  NUL: [(send) => send({ body: { ...allowed, service: 'a\0b' } }), 400],
  'a forbidden member': [(send) => send({ body: { ...allowed, metadata: { role: 'finance' } } }), 422],
  'another media type': [
    (send) => send({ body: JSON.stringify(allowed), headers: { 'content-type': 'text/plain' } }),
    415,
  ],
  'another charset': [
    (send) => send({ body: allowed, headers: { 'content-type': 'application/json; charset=utf-7' } }),
    415,
  ],
  'bytes that are not UTF-8': [(send) => send({ body: Buffer.from('{"service":"caf\xe9"}', 'latin1') }), 415],
  'a compressed body': [
    (send) => send({ body: gzipSync(JSON.stringify(allowed)), headers: { 'content-encoding': 'gzip' } }),
    201,
  ],
  'a body that is not compressed as it says': [
    (send) => send({ body: allowed, headers: { 'content-encoding': 'gzip' } }),
    400,
  ],
  'an unknown encoding': [(send) => send({ body: allowed, headers: { 'content-encoding': 'zstd' } }), 415],
  'a body of unknown length': [(send) => send({ body: JSON.stringify(allowed), chunked: true }), 201],
  'a large body': [(send) => send({ body: LARGE }), 201],
  'a body above the limit': [(send) => send({ body: 'x'.repeat(4_300_000) }), 413],
  GET: [(send) => send({ method: 'GET' }), 404],
  HEAD: [(send) => send({ method: 'HEAD' }), 404],
  PUT: [(send) => send({ method: 'PUT', body: allowed }), 404],
  'the limit of a key': [
    async (send, entry) => {
      const sent = { key: `limited-${entry}`, url: limited.url, body: allowed };
      return [await send(sent), await send(sent), await send(sent)];
    },
    201,
    201,
    429,
  ],
};

test.each(Object.entries(CASES))('%s is answered alike by both entries', async (_name, [play, ...statuses]) => {
  const [entry, router] = await Promise.all(ENTRIES.map(async (name) => [await play(sender(name), name)].flat()));
  expect(entry!.map(({ status }) => status)).toEqual(statuses);
  expect(entry).toEqual(router);
});

test('failed attempts of an address count together, by whatever entry', async () => {
  const sent = { url: limited.url, key: 'lp_test_nonsense' };
  for (const name of ENTRIES) expect((await sender(name)(sent)).status).toBe(401);
  const refused = await Promise.all(ENTRIES.map((name) => sender(name)(sent)));
  expect(refused[0]).toMatchObject({ status: 429 });
  expect(refused[0]).toEqual(refused[1]);
});

/** Sends bytes on a connection of its own, and calls `meanwhile` when they are sent. */
const raw = (bytes: string, meanwhile?: () => Promise<unknown>) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(system.api.port, '127.0.0.1', () => {
      socket.write(bytes);
      meanwhile?.().catch(reject);
    });
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('close', () => resolve(alike(text.replace(/Date: .*/, 'Date'))));
    socket.on('error', reject);
  });

test('a request without a Host, and one whose key is revoked while it sends its body, are refused alike', async () => {
  const head = (name: Entry, more = '') =>
    `POST ${ADDRESSES[name]} HTTP/1.1\r\nX-Request-Id: of-the-test\r\nConnection: close\r\n${more}`;
  const [one, other] = await Promise.all(ENTRIES.map((name) => raw(`${head(name)}\r\n`)));
  expect(one).toContain('HTTP/1.1 400');
  expect(one).toBe(other);

  const revoked = await Promise.all(
    ENTRIES.map(async (name) => {
      const body = { name: 'slow', owner: 'slow', role: 'agent' };
      const { id, api_key } = (await system.call(system.admin_api_key, 'POST', '/api/keys', body)).body;
      const host = `Host: 127.0.0.1:${system.api.port}\r\nAuthorization: Bearer ${api_key}\r\n`;
      return raw(`${head(name, host)}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`, async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await system.call(system.admin_api_key, 'DELETE', `/api/keys/${id}`);
      });
    }),
  );
  expect(revoked[0]).toContain('HTTP/1.1 401');
  expect(revoked[0]!.replace(/RateLimit: .*/, '')).toBe(revoked[1]!.replace(/RateLimit: .*/, ''));
});

test('metrics name the route, and not the spelling of its address', async () => {
  const { port } = new URL(system.api.url);
  expect(port).toBe(String(system.api.port));
  const count = async () => {
    const text = await system.api.metrics.registry.metrics();
    return Number(/_count\{[^}]*route="\/api\/ingest",[^}]*status="201"[^}]*\} (\d+)/.exec(text)?.[1]);
  };
  const before = await count();
  for (const name of ENTRIES) await sender(name)({ body: allowed });
  await vi.waitFor(async () => expect(await count()).toBe(before + 2));
});

test('a policy that somebody inserted lets nothing pass, by whatever entry', async () => {
  await system.database.asOwner(
    `insert into policies (project_id, version, digest, document, created_by, created_at, mac)
     select project_id, 2, digest, '{"default_routing": "observe"}', 'cfo', now(), mac from policies where project_id = $1`,
    [system.project_id],
  );
  const answers = await Promise.all(ENTRIES.map((name) => sender(name)({ body: allowed })));
  expect(answers[0]).toMatchObject({ status: 500, text: expect.stringContaining('authenticity') });
  expect(answers[0]).toEqual(answers[1]);
});
