import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../cli/api-connection.ts';
import { follow } from '../../cli/event-stream.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

type Answer = (res: ServerResponse, req: IncomingMessage) => unknown;

/** A server that answers the first connection with the first answer, and so on; the last one repeats. */
async function followed(...answers: Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    requests.push(req);
    const answer = answers[Math.min(requests.length, answers.length) - 1]!;
    void answer(res, req);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const said: string[] = [];
  const env = {
    LETSPING_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    LETSPING_API_KEY: 'lp_test_key',
  };
  const api = await connect({ env, interactive: false, out: () => {}, err: () => {} });
  const events = await follow(api, (line) => said.push(line));
  cleanUps.unshift(() => events.return(undefined));
  const next = async () => (await events.next()).value?.request_id;
  return { next, requests, said };
}

const streaming = (res: ServerResponse) => res.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' });
const data = (request_id: string) =>
  JSON.stringify({ event: 'approval_request.held', request_id, occurred_at: '2026-01-01T00:00:00Z' });

/** Sends each part in a packet of its own. */
const inParts =
  (parts: (string | Buffer)[], end = false): Answer =>
  async (res) => {
    streaming(res);
    for (const part of parts) {
      res.write(part);
      await sleep(20);
    }
    if (end) res.end();
  };

test('an event arrives whole, wherever the network splits it, within a character too', async () => {
  const bytes = Buffer.from(`: connected\n\nid: 1\ndata: ${data('req_é€😀')}\n\n`);
  const { next } = await followed(inParts(Array.from(bytes, (byte) => Buffer.of(byte))));
  expect(await next()).toBe('req_é€😀');
});

test('lines may end in CRLF, split in the middle, and data may have several lines', async () => {
  const [start, end] = data('req_1').split(',"request_id"') as [string, string];
  const { next } = await followed(
    inParts([`data: ${start}\r`, `\ndata:,"request_id"${end}\r\n\r\n`, `data:${data('req_2')}\r\n\r`, '\n']),
  );
  expect([await next(), await next()]).toEqual(['req_1', 'req_2']);
});

test('an event of another release, or one that is not JSON, is skipped; a reset is said', async () => {
  const { next, said } = await followed(
    inParts([
      `data: {"event":"new"}\n\ndata: {broken\n\nevent: reset\ndata: {}\n\nunknown: field\n\ndata: ${data('req_1')}\n\n`,
    ]),
  );
  expect(await next()).toBe('req_1');
  expect(said).toEqual([expect.stringContaining('some events were missed')]);
});

test('after a break it continues at the last event, after the pause that the server names', async () => {
  const { next, requests, said } = await followed(
    inParts([`retry: 700\n\nid: aa-1\ndata: ${data('req_1')}\n\n`], true),
    inParts([`data: ${data('req_2')}\n\n`]),
  );
  expect([await next(), await next()]).toEqual(['req_1', 'req_2']);
  expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'aa-1']);
  expect(said).toEqual(['the event stream broke; reconnecting in 0.7 s\n']);
});

test('a server can neither make it reconnect without a pause nor put an id into a header that HTTP refuses', async () => {
  const { next, requests, said } = await followed(
    inParts([`retry: 0\n\nid: aa-1\ndata: ${data('req_1')}\n\nid: 😀\ndata: ${data('req_2')}\n\n`], true),
    inParts([`data: ${data('req_3')}\n\n`]),
  );
  expect([await next(), await next(), await next()]).toEqual(['req_1', 'req_2', 'req_3']);
  expect(requests[1]!.headers['last-event-id']).toBeUndefined();
  expect(said).toEqual(['the event stream broke; reconnecting in 0.5 s\n']);
});

test.each([
  ['a line that never ends', 'x'.repeat(1024)],
  ['an event that never ends', `data: ${'x'.repeat(1017)}\n`],
])('%s is refused before it fills the memory', async (_name, part) => {
  let sent = 0;
  const { next, requests } = await followed(async (res) => {
    streaming(res);
    while (!res.destroyed) {
      sent += part.length;
      if (!res.write(part)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
      else await sleep(0);
    }
  });
  await expect(next()).rejects.toMatchObject({
    code: 'LETSPING_BAD_ANSWER',
    message: 'the server sent an event of more than 64 kB',
  });
  expect(sent).toBeLessThan(8 * 1024 * 1024);
  expect(requests).toHaveLength(1);
});

test.each([undefined, 'text/html', 'application/json; x=text/event-stream'])(
  'an answer of another media type is refused: %s',
  async (type) => {
    const answer: Answer = (res) => res.writeHead(200, type ? { 'content-type': type } : {}).end('<html>');
    await expect(followed(answer)).rejects.toMatchObject({
      code: 'LETSPING_BAD_ANSWER',
      message: 'the server does not answer with an event stream',
    });
  },
);
