import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';

/** Names each request in the answer, the log and every problem. One from outside is kept when it is short and plain. */
export function nameRequest(req: Request, res: Response): void {
  const given = req.get('x-request-id');
  const name = given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
  res.locals.request_id = name;
  res.setHeader('X-Request-Id', name);
}
