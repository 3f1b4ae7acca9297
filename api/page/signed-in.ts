import type { RequestHandler } from 'express';
import { mayDo } from '../../domain/access/permissions.ts';
import type { IdentityStore } from '../../domain/access/ports.ts';
import type { Grants } from '../live/grants.ts';
import { type AccessLimits, bySession, enter, hasNo } from '../middleware/authenticate.ts';
import { stateOf } from '../request-state.ts';
import { localPath } from './local-path.ts';
import { sendSignIn } from './sign-in.ts';

export interface SignedInDeps {
  identities: IdentityStore;
  grants: Grants;
  access: AccessLimits;
  publicUrl: () => string;
}

/** Requires a session before anything is read; others get the sign-in page. `back` is the page to return to. */
export const signedIn =
  (
    { identities, access, grants, publicUrl }: SignedInDeps,
    back: (url: string) => string = (url) => url,
  ): RequestHandler =>
  async (req, res, next) => {
    const found = await bySession(identities, access, publicUrl, req, stateOf(res).address);
    if (!found) {
      sendSignIn(res, 401, { next: localPath(back(req.originalUrl)) });
      return;
    }
    access.requests(found.principal, res);
    if (!mayDo(found.principal, 'approval:read')) {
      const refused = hasNo(found.principal, 'approval:read');
      sendSignIn(res, 403, { next: localPath(back(req.originalUrl)), refused });
      return;
    }
    const turn = await access.turns.take(found.principal);
    res.once('close', turn.leave);
    if (res.closed) {
      turn.leave();
      return;
    }
    enter(res, grants, found);
    next();
  };
