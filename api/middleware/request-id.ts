import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerOf } from '../header.ts';
import { startState } from '../request-state.ts';

/** The id of a request in its answer, the log and every problem. One that the caller sends is kept when it is short and plain. */
export function assignRequestId(req: IncomingMessage, res: ServerResponse): void {
  const given = headerOf(req, 'x-request-id');
  const id = given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
  startState(res, id);
  res.setHeader('X-Request-Id', id);
}
