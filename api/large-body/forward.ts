import { type OutgoingHttpHeaders, request } from 'node:http';
import { pipeline } from 'node:stream';
import type { Request, Response } from 'express';
import { stateOf } from '../request-state.ts';

/** They belong to one connection (RFC 9110, 7.6.1), or were answered already. */
const OF_THE_CONNECTION = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Longer than any answer takes: a decision has 13 s. */
const ANSWER_MS = 60_000;

const without = (headers: OutgoingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.includes(name)));

/**
 * Has a request answered by the server on `port` of this host, unread here. Resolves when it is answered or the caller has gone;
 * rejects when nothing was answered, and then `res` is still untouched.
 */
export const forward = (req: Request, res: Response, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    // A connection of its own: a kept one may be closed by the other side while this request is on its way. It is we who close
    // it: a server that refuses a body half-way and closes takes its answer with it.
    const headers = { ...without(req.headers), connection: 'keep-alive', 'x-request-id': stateOf(res).request_id };
    const onward = request({
      host: '127.0.0.1',
      port,
      method: req.method,
      path: req.originalUrl,
      headers,
      agent: false,
      setHost: false,
    });
    onward.setTimeout(ANSWER_MS, () => onward.destroy(new Error(`no answer after ${ANSWER_MS / 1_000} s`)));
    onward.on('error', reject);
    onward.on('response', (answer) => {
      // It may be refused before all of it was sent.
      req.unpipe(onward);
      req.resume();
      res.writeHead(answer.statusCode!, without(answer.headers));
      pipeline(answer, res, () => {
        onward.destroy();
        resolve();
      });
    });
    res.on('close', () => {
      onward.destroy();
      resolve();
    });
    req.pipe(onward);
  });
