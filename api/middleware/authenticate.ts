import type { Request, RequestHandler } from 'express';
import { parseApiKey, sameSecret, tokenHash } from '../../crypto/api-key.ts';
import { mayDo, type Permission, type Principal } from '../../domain/access/permissions.ts';
import type { IdentityStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { stateOf } from '../request-state.ts';
import { checkHost } from './allowed-hosts.ts';
import { isSecure, sessionToken } from './session-cookie.ts';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

async function byKey(store: IdentityStore, header: string): Promise<Principal | undefined> {
  const key = parseApiKey(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
  if (!key) return undefined;
  const found = await store.key(key.key_id);
  if (!found || !sameSecret(found.secret_sha256, key.secret_sha256)) return undefined;
  return {
    project_id: found.project_id,
    owner: found.owner,
    role: found.role,
    key_id: found.id,
    services: found.services,
    via: 'key',
  };
}

/** The person of a session cookie; undefined when there is no session or it has ended. */
export async function bySession(
  store: IdentityStore,
  publicUrl: () => string,
  req: Request,
): Promise<Principal | undefined> {
  const token = sessionToken(req, isSecure(publicUrl()));
  const found = token === undefined ? undefined : await store.session(tokenHash(token));
  if (!found) return undefined;
  return {
    project_id: found.project_id,
    owner: found.owner,
    role: found.role,
    key_id: found.key_id ?? `session/${found.owner}`,
    services: null,
    via: 'session',
  };
}

/** @throws DomainError `unauthenticated` | `forbidden` | `not_found` */
export type Authenticate = (req: Request) => Promise<Principal>;

/**
 * An API key in `Authorization`, else the session of the approval page. The attacker of a session is another site in the same
 * browser: an unsafe method needs our own Origin beside the SameSite cookie.
 */
export const createAuthenticate =
  (store: IdentityStore, publicUrl: () => string): Authenticate =>
  async (req) => {
    const header = req.get('authorization');
    if (header === undefined) checkHost(publicUrl, req);
    const principal = header === undefined ? await bySession(store, publicUrl, req) : await byKey(store, header);
    if (!principal)
      throw new DomainError(
        'unauthenticated',
        header === undefined
          ? 'Send an API key: Authorization: Bearer lp_….'
          : 'This API key is not known, or was revoked.',
      );
    if (
      principal.via === 'session' &&
      !SAFE.includes(req.method) &&
      req.get('origin') !== new URL(publicUrl()).origin
    ) {
      throw new DomainError('forbidden', 'A signed-in person may only write from the approval page itself.');
    }
    return principal;
  };

/** Lets a request pass whose principal has the permission. Nothing of the body has been read by then. */
export const admit =
  (authenticate: Authenticate, permission: Permission, publishedCodes: boolean): RequestHandler =>
  async (req, res, next) => {
    const state = stateOf(res);
    state.publishedCodes = publishedCodes;
    const principal = await authenticate(req);
    if (!mayDo(principal.role, permission))
      throw new DomainError('forbidden', `A key with the role ${principal.role} has no permission ${permission}.`);
    state.principal = principal;
    next();
  };
