import type { RequestHandler } from 'express';
import { sendSentence } from './layout.ts';

/**
 * The attacker is another site in the same browser: a form counts only if the browser reports this site as its origin. These
 * pages send no referrer, so a browser sends the Origin `null`; then `Sec-Fetch-Site`, which no page can set, must be `same-origin`.
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
        ? 'The request does not name its site (it has no Origin header).'
        : 'The request comes from another address.';
    sendSentence(
      res,
      403,
      'Refused',
      `${why} Forms are accepted from ${ours} only: open that address. Nothing was changed.`,
    );
  };
