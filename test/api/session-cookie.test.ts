import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sessionToken } from '../../api/middleware/session-cookie.ts';

let port: number;
let stop: () => void;
beforeAll(async () => {
  const app = express();
  app.get('/', (req, res) => void res.json(sessionToken(req, req.query['tls'] === '1') ?? null));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  stop = () => server.close();
});
afterAll(() => stop());

/** The token that the server reads. A header is sent byte for byte: one character, one byte. */
const tokenIn = (cookie: string | undefined, { tls = false } = {}): Promise<string | null> =>
  new Promise((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, path: `/?tls=${tls ? 1 : 0}`, ...(cookie !== undefined && { headers: { cookie } }) },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        res.on('end', () => resolve(JSON.parse(text)));
      },
    )
      .on('error', reject)
      .end();
  });

const [ours, theirs] = ['a'.repeat(43), 'b'.repeat(43)];

test('under TLS only the cookie counts that no sibling domain can set', async () => {
  expect(await tokenIn(`letsping=${theirs}; __Host-letsping=${ours}`, { tls: true })).toBe(ours);
  expect(await tokenIn(`letsping=${theirs}`, { tls: true })).toBeNull();
  expect(await tokenIn(`__host-letsping=${theirs}; __Host-letsping2=${theirs}`, { tls: true })).toBeNull();
  expect(await tokenIn(`\u0085__Host-letsping=${theirs}; \u00a0__Host-letsping=${theirs}`, { tls: true })).toBeNull();
});

test('over plain HTTP it is the plain name', async () => {
  expect(await tokenIn(`theme=dark; letsping=${ours}`)).toBe(ours);
  expect(await tokenIn(`__Host-letsping=${theirs}`)).toBeNull();
});

test('of two cookies with one name the first counts, and it is not replaced by the second when it is malformed', async () => {
  expect(await tokenIn(`letsping=${ours}; letsping=${theirs}`)).toBe(ours);
  expect(await tokenIn(`letsping=short; letsping=${theirs}`)).toBeNull();
});

test.each([
  undefined,
  '',
  'letsping',
  'letsping=',
  `letsping=${ours}x`,
  `letsping="${ours}"`,
  `letsping=%61${ours.slice(1)}`,
  `x=1;y`,
])('there is no session in %j', async (cookie) => {
  expect(await tokenIn(cookie)).toBeNull();
});

test('a name of the object prototype is a cookie as any other', async () => {
  expect(await tokenIn(`__proto__=x; constructor=y; letsping=${ours}`)).toBe(ours);
});
