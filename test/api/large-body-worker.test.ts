import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { afterEach, expect, test, vi } from 'vitest';
import { errorHandler } from '../../api/error-handler.ts';
import { createLargeBodyWorker, type LargeBodyWorker } from '../../api/large-body/large-body-worker.ts';
import { createInUse } from '../../api/limits/in-use.ts';
import { assignRequestId } from '../../api/middleware/request-id.ts';
import { stateOf } from '../../api/request-state.ts';
import type { Principal } from '../../domain/access/permissions.ts';

const LARGE = 'x'.repeat(20_000);
const running: { server: Server; worker: LargeBodyWorker }[] = [];
afterEach(async () => {
  for (const { server, worker } of running.splice(0)) {
    server.closeAllConnections();
    server.close();
    await worker.end();
  }
});

/** An app that answers `here` to what the worker does not take. */
async function start(env: NodeJS.ProcessEnv = {}) {
  const counts = { opened: vi.fn(), decided: vi.fn(), answered: vi.fn(), refused: vi.fn(), limited: vi.fn() };
  const log = { error: vi.fn(), warn: vi.fn(), info: vi.fn() } as never;
  const worker = createLargeBodyWorker({
    entry: new URL('./large-body-thread.mjs', import.meta.url),
    env,
    publicUrl: () => 'https://approvals.example.com',
    counts,
    uploads: createInUse({ per_key: 20, per_project: 100 }, () => {}),
    log,
  });
  const app = express();
  let arrived = 0;
  app.use((req, res, next) => {
    arrived += 1;
    assignRequestId(req, res);
    stateOf(res).principal = { key_id: req.get('x-key') ?? 'key_a' } as Principal;
    next();
  });
  app.use(async (req, res) => {
    if ((await worker.handler('4mb')(req, res)) !== 'answered') res.send('here');
  });
  app.use(errorHandler({ log, publicUrl: () => 'http://127.0.0.1:4400' }));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ server, worker });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = (path: string, body: string | Buffer = LARGE, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method: 'POST', body: body as never, headers });
  return { url, counts, send, arrived: () => arrived };
}

test('a small body is answered on this thread, a large one on the worker thread, with everything that the caller sent', async () => {
  const { send } = await start({ DATABASE_URL: 'postgres://db' });
  expect(await (await send('/a', 'small')).text()).toBe('here');
  const answer = await send('/a/b?c=%20d', LARGE, {
    authorization: 'Bearer key',
    'idempotency-key': 'k1',
    'x-request-id': 'from-outside',
  });
  expect(answer.status).toBe(201);
  const got = (await answer.json()) as Record<string, any>;
  expect(got).toMatchObject({ method: 'POST', url: '/a/b?c=%20d', bytes: LARGE.length });
  expect(got.threadId).toBeGreaterThan(0);
  expect(got.headers).toMatchObject({
    authorization: 'Bearer key',
    'idempotency-key': 'k1',
    'x-request-id': 'from-outside',
    'content-length': String(LARGE.length),
  });
  expect(got.headers.host).toMatch(/^127\.0\.0\.1:\d+$/); // the caller's, which the thread checks
  expect(got.env).toMatchObject({
    DATABASE_URL: 'postgres://db',
    LETSPING_HOST: '127.0.0.1',
    LETSPING_PORT: '0',
    LETSPING_PUBLIC_URL: 'https://approvals.example.com',
    LETSPING_METRICS_PORT: '0',
  });
  const again = (await (await send('/a')).json()) as { threadId: number };
  expect(again.threadId).toBe(got.threadId);
});

test('a body of unknown length and a compressed body count as large', async () => {
  const { url, send } = await start();
  const packed = await send('/z', gzipSync('small'), { 'content-encoding': 'gzip' });
  expect(packed.status).toBe(201);
  const status = await new Promise((resolve, reject) => {
    const chunked = request(`${url}/c`, { method: 'POST' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    chunked.on('error', reject);
    chunked.write('a');
    chunked.end('b');
  });
  expect(status).toBe(201);
});

test('a body that is refused before it was sent gets the refusal', async () => {
  const { send } = await start();
  const answer = await send('/refuse', 'x'.repeat(4_000_000));
  expect([answer.status, await answer.text()]).toEqual([413, 'too large']);
});

test('when the thread ends, its callers get 503, and the next large body starts a new thread', async () => {
  const { send } = await start();
  const first = (await (await send('/a')).json()) as { threadId: number };
  const answer = await send('/die');
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(await answer.json()).toMatchObject({
    code: 'overloaded',
    detail: expect.stringContaining('same Idempotency-Key'),
  });
  const next = (await (await send('/a')).json()) as { threadId: number };
  expect(next.threadId).toBeGreaterThan(first.threadId);
});

test('when the thread does not start, large bodies are answered on this thread', async () => {
  const { send } = await start({ START_FAILS: '1' });
  expect(await (await send('/a')).text()).toBe('here');
  expect(await (await send('/a')).text()).toBe('here');
});

test('a key may have twenty large bodies waiting, and another key goes before them', async () => {
  const { send, counts, arrived } = await start();
  const { port } = (await (await send('/a')).json()) as { port: number };
  const order: string[] = [];
  const noted = async (name: string, answer: Promise<Response>) => order.push(`${name} ${(await answer).status}`);
  const theirs = Array.from({ length: 20 }, () => noted('theirs', send('/hold')));
  await vi.waitFor(() => expect(counts.opened).toHaveBeenCalledTimes(8), 10_000);
  await vi.waitFor(() => expect(arrived()).toBe(21), 10_000);
  const refused = await send('/a');
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', retry_after: 1 });

  const other = noted('other', send('/b', LARGE, { 'x-key': 'key_b' }));
  await vi.waitFor(() => expect(arrived()).toBe(23), 10_000);
  expect(order).toEqual([]);
  await fetch(`http://127.0.0.1:${port}/release`);
  await Promise.all([other, ...theirs]);
  expect(order).toHaveLength(21);
  expect(order.indexOf('other 201')).toBeLessThan(16);
});
