import type { ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { stateOf } from '../request-state.ts';

/**
 * Reads or forwards a body until it is complete, or the access of its sender ends. The attacker sends one byte a second under a key that
 * is revoked meanwhile. The refusal closes the connection, so that the rest of the body is not read.
 */
export function whileAccess<T>(res: ServerResponse, read: () => Promise<T>): Promise<T> {
  const state = stateOf(res);
  const { grant } = state;
  if (!grant) return read();
  return new Promise((resolve, reject) => {
    let isOver = false;
    grant.onEnd(() => {
      if (isOver || res.headersSent) return;
      state.forwarded = false;
      res.setHeader('Connection', 'close');
      try {
        grant.check();
      } catch (refusal) {
        isOver = true;
        reject(refusal);
      }
    });
    read().then(
      (done) => {
        isOver = true;
        resolve(done);
      },
      (error) => {
        isOver = true;
        reject(error);
      },
    );
  });
}

/** Express's reader of a body as a promise. */
export const handled = (read: RequestHandler, req: Request, res: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    read(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });

/** `whileAccess` for a page's form. */
export const interruptible =
  (read: RequestHandler): RequestHandler =>
  async (req, res, next) => {
    await whileAccess(res, () => handled(read, req, res));
    next();
  };
