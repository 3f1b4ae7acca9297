import type { RequestHandler } from 'express';
import { sendSentence } from './layout.ts';

/**
 * The attacker is another site in the same browser: a form counts only when the browser says that it is ours. Our pages send no
 * referrer, so a browser gives their forms the Origin `null`; then `Sec-Fetch-Site`, which no page can set, has to say it.
 */
export const sameOrigin =
  (publicUrl: () => string): RequestHandler =>
  (req, res, next) => {
    const ours = new URL(publicUrl()).origin;
    const theirs = req.get('origin');
    if (theirs === ours || (theirs === 'null' && req.get('sec-fetch-site') === 'same-origin')) {
      next();
      return;
    }
    const why =
      theirs === undefined
        ? 'The request does not say which site it comes from (it has no Origin header).'
        : 'The request comes from another address.';
    sendSentence(
      res,
      403,
      'Not taken',
      `${why} Forms are taken from ${ours} only: open that address. Nothing was changed.`,
    );
  };
