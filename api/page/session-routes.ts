import { type Request, type Response, Router } from 'express';
import { newToken, parseApiKey, tokenHash } from '../../crypto/api-key.ts';
import type { ApproverSession, IdentityStore } from '../../domain/access/ports.ts';
import type { SignIns } from '../limits/sign-ins.ts';
import { type AccessLimits, expiredKey, knownKey } from '../middleware/authenticate.ts';
import { clearSession, isSecure, SESSION_HOURS, sessionToken, setSession } from '../middleware/session-cookie.ts';
import { stateOf } from '../request-state.ts';
import { field, form } from './form.ts';
import { localPath } from './local-path.ts';
import { bindLink, isBound } from './opened-link.ts';
import { sameOrigin } from './same-origin.ts';
import { sendSignIn } from './sign-in.ts';
import type { SignedInDeps } from './signed-in.ts';

export interface SessionDeps extends Omit<SignedInDeps, 'access'> {
  access: Pick<AccessLimits, 'signIns'>;
}

type Answer = { session: ApproverSession } | { refused: string };

const LINK_TOKEN = /^[A-Za-z0-9_-]{43}$/;
const SPENT: Answer = {
  refused: 'This link was used already, or is older than 15 minutes. Request a new one, or sign in with your key.',
};

async function byLink(
  identities: IdentityStore,
  signIns: SignIns,
  address: string | null,
  token: string,
): Promise<Answer> {
  signIns.begin(address);
  const session = LINK_TOKEN.test(token) ? await identities.takeLoginLink(tokenHash(token)) : undefined;
  if (session) return { session };
  signIns.failed(address);
  return SPENT;
}

async function byKey(
  identities: IdentityStore,
  signIns: SignIns,
  address: string | null,
  text: string,
): Promise<Answer> {
  if (text === '') return { refused: 'Enter a key.' };
  const found = await knownKey(identities, signIns, address, text);
  if (!found)
    return {
      refused: parseApiKey(text)
        ? 'This key is unknown or revoked.'
        : 'This is not an API key: it is mistyped or incomplete.',
    };
  if ('expired_at' in found) return { refused: expiredKey(found) };
  const { project_id, owner, role, id } = found;
  if (role === 'agent')
    return {
      refused: "An agent's key cannot sign in: only people decide. Use the key of an approver or an admin.",
    };
  return { session: { project_id, owner, role, key_id: id } };
}

/** Sign-in with a one-time link or a key, and sign-out. Each sign-in creates a new token and ends the previous session. */
export function sessionRoutes({ identities, access: { signIns }, grants, publicUrl }: SessionDeps): Router {
  const router = Router();
  const secure = () => isSecure(publicUrl());
  const endSession = async (req: Request) => {
    const token = sessionToken(req, secure());
    if (token === undefined) return;
    const token_sha256 = tokenHash(token);
    await identities.endSession(token_sha256);
    grants.sessionEnded(token_sha256.toString('hex'));
  };

  router.get('/login', (req, res) => {
    const { once, next } = req.query;
    const link = typeof once === 'string' && LINK_TOKEN.test(once) ? once : undefined;
    sendSignIn(res, 200, {
      next: localPath(next),
      ...(link !== undefined && { link: { once: link, opened: bindLink(req, res, publicUrl(), link) } }),
    });
  });

  router.post('/login', sameOrigin(publicUrl), form('8kb'), async (req: Request, res: Response) => {
    const once = field(req, 'once');
    const next = localPath(field(req, 'next'));
    if (once !== '' && !isBound(req, publicUrl(), once, field(req, 'opened'))) {
      sendSignIn(res, 401, { next, refused: 'Open the link in this browser, and use the button there.' });
      return;
    }
    const { address } = stateOf(res);
    const answer =
      once === ''
        ? await byKey(identities, signIns, address, field(req, 'api_key').trim())
        : await byLink(identities, signIns, address, once);
    if ('refused' in answer) {
      sendSignIn(res, 401, { next, refused: answer.refused });
      return;
    }
    await endSession(req);
    const { token, token_sha256 } = newToken();
    await identities.startSession(token_sha256, answer.session, SESSION_HOURS);
    setSession(res, token, secure());
    res.set('Cache-Control', 'no-store').redirect(303, next);
  });

  router.post('/logout', sameOrigin(publicUrl), async (req, res) => {
    await endSession(req);
    clearSession(res);
    res.set('Cache-Control', 'no-store').redirect(303, '/login');
  });

  return router;
}
