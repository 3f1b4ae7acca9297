import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type HostileAnswer, problemFault } from './hostile-answers.ts';
import type { HostileRequest } from './hostile-requests.ts';
import type { Dice } from './hostile-values.ts';

const QUIET_MS = 5_000;

/** Sends bytes, ends the sending side (or resets the connection), and reads until the server closes. */
export async function exchanged(
  port: number,
  pieces: readonly Buffer[],
  end: 'end' | 'reset' | 'stay',
): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  socket.on('error', () => {}); // the server may reset a connection that it refused
  socket.setTimeout(QUIET_MS, () => socket.destroy());
  const closed = once(socket, 'close');
  for (const piece of pieces) socket.write(piece);
  if (end === 'end') socket.end();
  if (end === 'reset') socket.resetAndDestroy();
  socket.on('end', () => socket.end());
  await closed;
  return Buffer.concat(parts);
}

/** The final answers in what a server sent: an answer to HEAD confuses it. */
export function answersIn(bytes: Buffer): HostileAnswer[] {
  const answers: HostileAnswer[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(rest)?.[1]);
    if (end < 0 || Number.isNaN(status)) throw new Error(`not an answer: ${JSON.stringify(rest.slice(0, 200))}`);
    const headers = Object.fromEntries(
      rest
        .slice(0, end)
        .split('\r\n')
        .slice(1)
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = status < 200 ? 0 : Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
    const text = rest.slice(end + 4, end + 4 + length);
    rest = rest.slice(end + 4 + text.length);
    if (status >= 200) answers.push({ status, headers, text: Buffer.from(text, 'latin1').toString() });
  }
  return answers;
}

/** What is wrong with the answers to raw bytes: one of 5xx, or a refusal that is not a problem document. */
export const rawFault = (bytes: Buffer): string | undefined => {
  for (const answer of answersIn(bytes)) {
    if (answer.status >= 500) return `answered ${answer.status}: ${answer.text.slice(0, 200)}`;
    const fault = answer.status >= 400 ? problemFault(answer) : undefined;
    if (fault) return `${fault}: ${answer.text.slice(0, 200)}`;
  }
  return undefined;
};

export interface RawCase {
  pieces: Buffer[];
  end: 'end' | 'reset' | 'stay';
  /** The status of the first answer; `none`: the connection may close without one; `any`: below 500. */
  status: number | 'none' | 'any';
}

/** Requests that no HTTP client sends. */
export function rawCases(authorization: string): Record<string, RawCase> {
  const json = JSON.stringify({ service: 'auto', action: 'read', payload: { page: 1 } });
  const post = (headers: string, body: string | Buffer = json, path = '/api/ingest') => [
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n${headers}\r\n`,
      'latin1',
    ),
    Buffer.isBuffer(body) ? body : Buffer.from(body, 'latin1'),
  ];
  const get = (target: string, headers = 'Host: x\r\n', version = 'HTTP/1.1') => [
    Buffer.from(`GET ${target} ${version}\r\n${headers}Authorization: ${authorization}\r\n\r\n`, 'latin1'),
  ];
  const close = (length: number | string = json.length) => `Content-Length: ${length}\r\nConnection: close\r\n`;
  const chunked = 'Transfer-Encoding: chunked\r\nConnection: close\r\n';
  const on = (pieces: Buffer[], status: RawCase['status'], end: RawCase['end'] = 'stay'): RawCase => ({
    pieces,
    status,
    end,
  });
  const zipped = gzipSync(json);
  const encoded = (encoding: string, body: Buffer, status: number) =>
    on(post(`Content-Encoding: ${encoding}\r\n${close(body.length)}`, body), status);
  return {
    'an honest request': on(post(close()), 201),
    'gzip that is not': encoded('gzip', Buffer.from(json), 400),
    'deflate that is not': encoded('deflate', Buffer.from(json), 400),
    'br that is not': encoded('br', Buffer.from(json), 400),
    'gzip, said to be br': encoded('br', zipped, 400),
    'gzip, cut short': encoded('gzip', zipped.subarray(0, -9), 400),
    'gzip with a wrong checksum': encoded('gzip', Buffer.concat([zipped.subarray(0, -8), Buffer.alloc(8)]), 400),
    'gzip and nothing else': encoded('gzip', Buffer.alloc(0), 400),
    'gzip, not said': on(post(close(zipped.length), zipped), 415),
    'an encoding that nobody has': encoded('snappy', Buffer.from(json), 415),
    'a length that is too long, then the end': on(post(close(json.length + 100)), 400, 'end'),
    'a length that is too long, then a reset': on(post(close(json.length + 100)), 'none', 'reset'),
    'a long body, then a reset': on(post(close(300_000), '{"service":"'.padEnd(100_000, 'x')), 'none', 'reset'),
    'a length that is too short': on(post(`Content-Length: 10\r\n`), 400, 'end'),
    'a negative length': on(post(close(-1)), 400),
    'a length that is no number': on(post(close('0x10')), 400),
    'a length beyond 64 bits': on(post(close('9'.repeat(30))), 400),
    'a length of 5 GB': on(post(close(5_000_000_000)), 413),
    'two lengths': on(post(`Content-Length: 5\r\n${close()}`), 400),
    'a length and chunks': on(post(`${close()}Transfer-Encoding: chunked\r\n`, '0\r\n\r\n'), 400),
    'chunks twice': on(post('Transfer-Encoding: chunked, chunked\r\nConnection: close\r\n', '0\r\n\r\n'), 'any'),
    'gzip as a transfer coding': on(post('Transfer-Encoding: gzip\r\nConnection: close\r\n'), 400),
    'a chunk whose size is no number': on(post(chunked, 'zz\r\n{}\r\n0\r\n\r\n'), 400),
    'a chunk of 2^63 bytes': on(post(chunked, '7fffffffffffffff\r\n{}'), 'any'),
    'a chunk of 2^64 bytes': on(post(chunked, '10000000000000000\r\n{}'), 400),
    'chunks, cut short': on(post(chunked, '20\r\n{"service"'), 400, 'end'),
    'chunks without a body': on(post(chunked, '0\r\n\r\n'), 400),
    'chunks of one byte': on(post(chunked, `${[...json].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`), 201),
    'an extension of a chunk with 20 KB': on(post(chunked, `1;${'x'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`), 413),
    'a trailer that names a length': on(post(chunked, `0\r\nContent-Length: 5\r\n\r\n`), 'any'),
    'a header of 20 KB': on(get('/livez', `Host: x\r\nX: ${'a'.repeat(20_000)}\r\n`), 431),
    '3,000 headers': on(get('/livez', `Host: x\r\n${'a: b\r\n'.repeat(3_000)}`), 'any'),
    'a path of 20 KB': on(get(`/${'a'.repeat(20_000)}`), 431),
    'NUL in the path': on(get('/api/status/\0'), 400),
    'NUL in a header': on(get('/livez', 'Host: x\r\nX: a\0b\r\n'), 400),
    'a header without a colon': on(get('/livez', 'Host: x\r\nnothing\r\n'), 400),
    'a space before the colon': on(get('/livez', 'Host: x\r\nX : y\r\n'), 400),
    'a folded header': on(get('/livez', 'Host: x\r\nX: a\r\n b\r\n'), 'any'),
    'bare line feeds': on([Buffer.from('GET /livez HTTP/1.1\nHost: x\n\n')], 400, 'end'),
    'no host': on(get('/livez', 'Connection: close\r\n'), 400),
    'two hosts': on(get('/livez', 'Host: x\r\nHost: y\r\nConnection: close\r\n'), 'any'),
    'another site as the target': on(get('http://rebound.example/livez', 'Host: x\r\nConnection: close\r\n'), 'any'),
    'a star as the target': on([Buffer.from('OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')], 'any'),
    'a tunnel': on([Buffer.from('CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n')], 'none'),
    'an upgrade': on(get('/livez', 'Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n'), 'any'),
    'an expectation that nobody has': on(post(`Expect: miracles\r\n${close()}`), 'any'),
    'a method that nobody has': on([Buffer.from('BREW / HTTP/1.1\r\nHost: x\r\n\r\n')], 400),
    'HTTP 0.9': on([Buffer.from('GET /livez\r\n')], 400, 'end'),
    'HTTP 1.0': on(get('/livez', '', 'HTTP/1.0'), 200),
    'HTTP 3.0': on(get('/livez', 'Host: x\r\n', 'HTTP/3.0'), 400),
    'the preface of HTTP/2': on([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')], 400),
    'a TLS handshake': on([Buffer.from('160301020001000001fc0303', 'hex')], 400, 'end'),
    'nothing at all': on([], 'none', 'end'),
    'a second request that is broken': on([...get('/livez'), Buffer.from('\0\0\0\r\n\r\n')], 200),
    'a hundred requests at once': on(
      Array.from({ length: 100 }, (_, at) => get(at % 2 === 0 ? '/livez' : '/api/keys')[0]!),
      200,
    ),
    'HEAD of the event stream': on(
      [
        Buffer.from(
          `HEAD /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
        ),
      ],
      200,
    ),
    'junk after an event stream began': on([...get('/api/events'), Buffer.from('\0junk\r\n\r\n')], 'any'),
  };
}

/** The bytes of a generated request, with lengths that may lie, cut or changed at one place. */
export function rawBytes(
  { method, path, headers, body = Buffer.alloc(0), chunked }: HostileRequest,
  dice: Dice,
): Buffer {
  const length = dice.pick([body.length, body.length, body.length + 7, Math.max(0, body.length - 7), 'x', -1]);
  const head = [
    `${method === 'HEAD' ? 'GET' : method} ${path} HTTP/1.1`,
    ...(headers.some(([name]) => name === 'host') ? [] : ['Host: x']),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    'Connection: close',
  ].join('\r\n');
  const sent = chunked
    ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    : body;
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), sent]);
  const at = dice.int(bytes.length);
  switch (dice.int(3)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      // Not in the first line: an answer to HEAD cannot be told from others.
      const changed = Buffer.from(bytes);
      changed[Math.max(at, method.length + 2)] = dice.int(256);
      return changed;
    }
    default:
      return bytes;
  }
}
