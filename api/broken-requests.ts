import { randomUUID } from 'node:crypto';
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../contracts/error-codes.ts';
import { problemOf } from './error-handler.ts';
import { AS_DATA } from './middleware/security-headers.ts';

/** By the codes of Node's parser; every other one is `malformed_request`. */
const REFUSALS: Record<string, [ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The address and the headers are larger than 16 KB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body_too_large', 'The extensions of the chunks are larger than 16 KB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request was not complete in time: 10 s for headers, 30 s in all.'],
};
const MALFORMED: [ErrorCode, string] = ['malformed_request', 'This is not a request of HTTP/1.1, or it ended early.'];

function answerOf(publicUrl: string, [code, detail]: [ErrorCode, string]): string {
  const request_id = randomUUID();
  const problem = problemOf(publicUrl, code, detail, request_id);
  const body = JSON.stringify(problem);
  const headers = {
    ...Object.fromEntries(AS_DATA),
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': request_id,
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...lines, '', body].join('\r\n');
}

/**
 * Answers what never becomes a request of the application, with a problem document; Node's own answer has no body. Answers that
 * are due on the connection come first: the attacker pipelines a broken request, so that this refusal would be read as the
 * answer to the request before.
 */
export function refuseBrokenRequests(server: Server, publicUrl: () => string): void {
  const due = new WeakMap<Duplex, Set<ServerResponse>>();
  const broken = new WeakSet<Duplex>();
  server.prependListener('request', (req, res) => {
    const { socket } = req;
    const answers = due.get(socket) ?? new Set();
    due.set(socket, answers.add(res));
    res.once('close', () => answers.delete(res));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    // More of the same bytes, or their end: the answers that are due, and the refusal, are on their way.
    if (broken.has(socket)) return;
    broken.add(socket);
    const refuse = () => {
      if (socket.writable)
        socket.end(answerOf(publicUrl(), REFUSALS[error.code ?? ''] ?? MALFORMED), () => socket.destroy());
    };
    // The broken request itself may wait for the rest of its body: its answer is this one.
    const before = [...(due.get(socket) ?? [])].filter(({ req, headersSent }) => req.complete || headersSent);
    let left = before.length;
    if (left === 0) refuse();
    for (const res of before)
      res.once('close', () => {
        left -= 1;
        if (left === 0) refuse();
      });
  });
  // RFC 9110, 10.1.1: an expectation other than 100-continue may be ignored. Node would answer 417 without a body.
  server.on('checkExpectation', (req, res) => server.emit('request', req, res));
}
