import type { ServerResponse } from 'node:http';
import { isId } from '../crypto/ids.ts';
import type { Principal } from '../domain/access/permissions.ts';
import type { Actor } from '../domain/acts/act.ts';
import type { Turn } from './limits/turns.ts';
import type { OpenGrant } from './live/grants.ts';

/** What the api knows of one request before its route runs. */
export interface RequestState {
  readonly request_id: string;
  /** At the other end of the caller's connection. */
  address: string | null;
  /** Set by authentication. */
  principal: Principal | undefined;
  /** The access of this call. Set by authentication. */
  grant: OpenGrant | undefined;
  /** Errors carry the codes that the published clients branch on. */
  publishedCodes: boolean;
  /** The template of the declared route, and never the path: the caller chooses the path, and it contains ids. */
  route: string | undefined;
  /** What was read of the body. */
  body: Buffer | undefined;
  /** Set while the route works. */
  turn: Turn | undefined;
  /** Another thread answers: nothing here may write to the response. */
  forwarded: boolean;
}

const STATE = Symbol('request state');
type WithState = ServerResponse & { [STATE]?: RequestState };

export function startState(res: ServerResponse, request_id: string): RequestState {
  const state: RequestState = {
    request_id,
    address: null,
    principal: undefined,
    grant: undefined,
    publishedCodes: false,
    route: undefined,
    body: undefined,
    turn: undefined,
    forwarded: false,
  };
  (res as WithState)[STATE] = state;
  return state;
}

/** @throws Error when the request did not pass `assignRequestId`: a bug */
export function stateOf(res: ServerResponse): RequestState {
  const state = (res as WithState)[STATE];
  if (!state) throw new Error('this response has no request state');
  return state;
}

/** Undefined as well for a response that the application has not seen. */
export const declaredRoute = (res: ServerResponse): string | undefined => (res as WithState)[STATE]?.route;

/** False as well for a response that the application has not seen. */
export const isForwarded = (res: ServerResponse): boolean => (res as WithState)[STATE]?.forwarded === true;

/** @throws Error on a route without authentication: a bug */
export function principalOf(res: ServerResponse): Principal {
  const { principal } = stateOf(res);
  if (!principal) throw new Error('this request was not authenticated');
  return principal;
}

/** The authenticated caller, as the acts of the project record them. A session of a one-time link has no key. */
export function actorOf(res: ServerResponse): Actor {
  const { owner, key_id, via } = principalOf(res);
  return {
    owner,
    key_id: isId('key', key_id) ? key_id : null,
    surface: via === 'key' ? 'api' : 'page',
    address: stateOf(res).address,
  };
}
