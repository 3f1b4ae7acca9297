import type { NextFunction, RequestHandler } from 'express';
import { stateOf } from '../request-state.ts';

/**
 * Reads or forwards a body until it is complete, or the access of its sender ends. The attacker sends one byte a second under a key that
 * is revoked meanwhile. The refusal closes the connection, so that the rest of the body is not read.
 */
export const interruptible =
  (read: RequestHandler): RequestHandler =>
  (req, res, next) => {
    const state = stateOf(res);
    const { grant } = state;
    let isOver = false;
    const over: NextFunction = (error?: unknown) => {
      if (isOver) return;
      isOver = true;
      next(error as Error | undefined);
    };
    grant?.onEnd(() => {
      if (isOver || res.headersSent) return;
      state.forwarded = false;
      res.set('Connection', 'close');
      try {
        grant.check();
      } catch (refusal) {
        over(refusal);
      }
    });
    Promise.resolve(read(req, res, over)).catch(over);
  };
