import type { RequestHandler } from 'express';
import { typeid } from 'typeid-js';

/** Names each request in the answer, the log and every problem. One from outside is kept when it is short and plain. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id');
  res.locals.request_id =
    given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : typeid('http').toString();
  res.set('X-Request-Id', res.locals.request_id as string);
  next();
};
