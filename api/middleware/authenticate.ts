import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Permission } from '../../contracts/key.ts';
import { parseApiKey, sameSecret, tokenHash } from '../../crypto/api-key.ts';
import { mayDo, type Principal, roleMayDo } from '../../domain/access/permissions.ts';
import type { ExpiredKey, Grant, IdentityStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { RequestLimit } from '../limits/request-limit.ts';
import type { SignIns } from '../limits/sign-ins.ts';
import type { Turns } from '../limits/turns.ts';
import type { Grants } from '../live/grants.ts';
import { stateOf } from '../request-state.ts';
import { checkHost } from './allowed-hosts.ts';
import { isSecure, sessionToken } from './session-cookie.ts';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/** Who calls, and what their access relies on. */
export interface Authenticated {
  principal: Principal;
  grant: Grant;
}

export const expiredKey = ({ expired_at }: ExpiredKey): string =>
  `This API key expired at ${expired_at.toISOString()}. An admin can make another one.`;

/** What limits those who come in. */
export interface AccessLimits {
  requests: RequestLimit;
  signIns: SignIns;
  turns: Turns;
}

/** The row of an API key, if text and secret are right. @throws DomainError `rate_limited` after too many failures */
export async function knownKey(store: IdentityStore, signIns: SignIns, address: string | null, text: string) {
  const key = parseApiKey(text);
  signIns.begin(address, key);
  const found = key && (await store.key(key.key_id));
  if (key && found && sameSecret(found.secret_sha256, key.secret_sha256)) {
    signIns.succeeded(key);
    return found;
  }
  signIns.failed(address, key?.key_id);
  return undefined;
}

async function byKey(
  store: IdentityStore,
  signIns: SignIns,
  address: string | null,
  header: string,
): Promise<Authenticated | undefined> {
  const found = await knownKey(store, signIns, address, /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
  if (!found) return undefined;
  if ('expired_at' in found) throw new DomainError('unauthenticated', expiredKey(found));
  const { project_id, owner, role, id, services, context_trust, permissions, made_by, expires_at } = found;
  return {
    principal: { project_id, owner, role, key_id: id, services, context_trust, permissions, made_by, via: 'key' },
    grant: { key_id: id, session_id: null, expires_at },
  };
}

/** The person of a session cookie; undefined when there is no session or it has ended. */
export async function bySession(
  store: IdentityStore,
  { signIns, turns }: Pick<AccessLimits, 'signIns' | 'turns'>,
  publicUrl: () => string,
  req: IncomingMessage,
  address: string | null,
): Promise<Authenticated | undefined> {
  const token = sessionToken(req, isSecure(publicUrl()));
  if (token === undefined) return undefined;
  signIns.begin(address);
  const token_sha256 = tokenHash(token);
  const session_id = token_sha256.toString('hex');
  const turn = await turns.take({ project_id: 'session', key_id: session_id }); // its burst of look-ups waits behind itself
  const found = await store.session(token_sha256).finally(turn.leave);
  if (!found) {
    signIns.failed(address);
    return undefined;
  }
  const { project_id, owner, role, permissions, made_by } = found;
  const key_id = found.key_id ?? `session/${owner}`;
  return {
    principal: {
      ...{ project_id, owner, role, key_id, permissions, made_by },
      services: null,
      context_trust: 'tighten_only',
      via: 'session',
    },
    grant: { key_id: found.key_id, session_id, expires_at: found.expires_at },
  };
}

/** @throws DomainError `unauthenticated` | `forbidden` | `not_found` | `rate_limited` */
export type Authenticate = (req: IncomingMessage, res: ServerResponse) => Promise<Authenticated>;

/**
 * An API key in `Authorization`, else the session of the approval page. The attacker of a session is another site in the same
 * browser: an unsafe method needs our own Origin beside the SameSite cookie. Every request of a principal counts towards its limit.
 */
export const createAuthenticate =
  (store: IdentityStore, publicUrl: () => string, { signIns, requests, turns }: AccessLimits): Authenticate =>
  async (req, res) => {
    const header = req.headers.authorization;
    const { address } = stateOf(res);
    if (header === undefined) checkHost(publicUrl, req);
    const found =
      header === undefined
        ? await bySession(store, { signIns, turns }, publicUrl, req, address)
        : await byKey(store, signIns, address, header);
    if (!found)
      throw new DomainError(
        'unauthenticated',
        header === undefined
          ? 'Send an API key: Authorization: Bearer lp_….'
          : 'This API key is not known, or was revoked.',
      );
    if (
      found.principal.via === 'session' &&
      !SAFE.includes(req.method ?? '') &&
      req.headers.origin !== new URL(publicUrl()).origin
    ) {
      throw new DomainError('forbidden', 'A signed-in person may only write from the approval page itself.');
    }
    requests(found.principal, res);
    return found;
  };

/** The call is the principal's, until its answer is complete or the access ends. */
export function enter(res: ServerResponse, grants: Grants, { principal, grant }: Authenticated): void {
  const state = stateOf(res);
  const open = grants.hold(grant);
  if (res.closed) open.release();
  else res.once('close', open.release);
  state.principal = principal;
  state.grant = open;
}

/** Why this caller may not. */
export const hasNo = (principal: Principal, permission: Permission): string =>
  roleMayDo(principal.role, permission)
    ? `This key was made without the permission ${permission}.`
    : `A key with the role ${principal.role} has no permission ${permission}.`;

/** Lets a request pass whose principal has the permission. Nothing of the body has been read by then. */
export const admit =
  (authenticate: Authenticate, grants: Grants, permission: Permission) =>
  async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const found = await authenticate(req, res);
    if (!mayDo(found.principal, permission)) throw new DomainError('forbidden', hasNo(found.principal, permission));
    enter(res, grants, found);
  };
