import type { RequestHandler } from 'express';
import type { IdentityStore } from '../../domain/access/ports.ts';
import { bySession } from '../middleware/authenticate.ts';
import { stateOf } from '../request-state.ts';
import { localPath } from './local-path.ts';
import { sendSignIn } from './sign-in.ts';

/** Lets people with a session pass, and asks all others to sign in, before anything is read. `back` is where they return to. */
export const signedIn =
  (identities: IdentityStore, back: (url: string) => string = (url) => url): RequestHandler =>
  async (req, res, next) => {
    const principal = await bySession(identities, req);
    if (!principal) {
      sendSignIn(res, 401, { next: localPath(back(req.originalUrl)) });
      return;
    }
    stateOf(res).principal = principal;
    next();
  };
