import { type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { FORWARDED_FROM } from '../remote-address.ts';
import { stateOf } from '../request-state.ts';

/** Hop-by-hop headers (RFC 9110, 7.6.1), and `Expect`, which this server has already answered. */
const NOT_FORWARDED = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Longer than the slowest answer: a decision may take 13 s. */
const ANSWER_MS = 60_000;

const without = (headers: OutgoingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_FORWARDED.includes(name)));

/**
 * Forwards a request with the body that was read to the server on `port` of this host, and its answer to the caller. `token`: that server
 * answers nobody else, and believes what it reads about the caller's address. Resolves when the answer is complete or the caller has gone.
 * Rejects when there is no answer; `res` is then still unused.
 */
export const forward = (
  req: IncomingMessage,
  res: ServerResponse,
  body: Buffer,
  { port, token }: { port: number; token: string },
): Promise<void> =>
  new Promise((resolve, reject) => {
    // One connection per request: the server may close an idle pooled connection while a request is sent on it. `keep-alive`,
    // so that this side closes it: a server that refuses a body half-way and closes at once loses its answer (TCP reset).
    const { request_id, address } = stateOf(res);
    const headers = {
      ...without(req.headers),
      connection: 'keep-alive',
      'content-length': String(body.length),
      'x-request-id': request_id,
      [FORWARDED_FROM]: `${token} ${address ?? ''}`,
    };
    const forwarded = request({
      host: '127.0.0.1',
      port,
      method: req.method,
      path: req.url,
      headers,
      agent: false,
      setHost: false,
    });
    forwarded.setTimeout(ANSWER_MS, () => forwarded.destroy(new Error(`no answer after ${ANSWER_MS / 1_000} s`)));
    forwarded.on('error', reject);
    forwarded.on('response', (answer) => {
      const length = answer.headers['content-length'];
      res.writeHead(answer.statusCode!, { ...without(answer.headers), ...(length && { 'content-length': length }) });
      res.setMaxListeners(20); // `pipeline` adds five
      pipeline(answer, res, () => {
        forwarded.destroy();
        resolve();
      });
    });
    res.on('close', () => {
      forwarded.destroy();
      resolve();
    });
    forwarded.end(body);
  });
