import type { RequestHandler } from 'express';
import type { IdentityStore } from '../../domain/access/ports.ts';
import { bySession } from '../middleware/authenticate.ts';
import { stateOf } from '../request-state.ts';
import { localPath } from './local-path.ts';
import { sendSignIn } from './sign-in.ts';

/** Requires a session before anything is read; others get the sign-in page. `back` is the page to return to. */
export const signedIn =
  (identities: IdentityStore, publicUrl: () => string, back: (url: string) => string = (url) => url): RequestHandler =>
  async (req, res, next) => {
    const principal = await bySession(identities, publicUrl, req);
    if (!principal) {
      sendSignIn(res, 401, { next: localPath(back(req.originalUrl)) });
      return;
    }
    stateOf(res).principal = principal;
    next();
  };
