import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod/v4';
import { isId, newId } from '../crypto/ids.ts';
import { DomainError } from '../domain/errors.ts';
import { sendText } from './answer.ts';
import { Call } from './call.ts';
import { headerOf } from './header.ts';
import type { Turns } from './limits/turns.ts';
import type { Grants } from './live/grants.ts';
import { type Authenticate, admit } from './middleware/authenticate.ts';
import type { Once } from './middleware/idempotency-key.ts';
import { whileAccess } from './middleware/interruptible.ts';
import { type BodyLimit, bodySha256, jsonOf, readBody } from './middleware/json-body.ts';
import { principalOf, stateOf } from './request-state.ts';
import type { AnswerFormat, IdParam, Reply, Route } from './route.ts';

/** What the router found in the address. */
export interface Address {
  params: Readonly<Record<string, unknown>>;
  query: unknown;
}
/** Answers a request that has arrived, or throws its refusal. */
export type Serve = (req: IncomingMessage, res: ServerResponse, address: Address) => Promise<void>;

export interface ServeDeps {
  authenticate: Authenticate;
  once: Once;
  grants: Grants;
  turns: Turns;
  /** Takes large bodies off this thread, once their sender is known to have the permission. Absent: they are read here. */
  largeBodies?:
    | ((limit: BodyLimit) => (req: IncomingMessage, res: ServerResponse) => Promise<'answered' | undefined>)
    | undefined;
}

/**
 * How a declared route is served, by whatever entry a request came: authentication, permission, the reading of its body, and its answer, in this
 * order. Which of them a route has is decided here, once. `template` names the route in metrics and the log.
 */
export function serveRoute(declared: Route, template: string, deps: ServeDeps): Serve {
  const { access, body, publishedCodes = false } = declared;
  const { authenticate, grants, largeBodies } = deps;
  const admitted = access === 'public' ? undefined : admit(authenticate, grants, access);
  const take = body && bodyTaker(body.limit, largeBodies);
  const answer = answerer(declared, deps);
  return async (req, res, address) => {
    Object.assign(stateOf(res), { route: template, publishedCodes });
    await admitted?.(req, res);
    if (take && (await whileAccess(res, () => take(req, res))) === 'answered') return;
    await answer(req, res, address);
  };
}

/** Reads a body here, or has it answered by the thread for large ones. */
const bodyTaker = (limit: BodyLimit, largeBodies: ServeDeps['largeBodies']) => {
  const forward = largeBodies?.(limit);
  return async (req: IncomingMessage, res: ServerResponse): Promise<'answered' | undefined> => {
    if ((await forward?.(req, res)) === 'answered') return 'answered';
    await readBody(req, res, limit);
    return undefined;
  };
};

const EMPTY = Buffer.alloc(0);

/** A filter that is misspelt would be ignored, and the answer would hold more than was asked for. */
const NO_QUERY = z.strictObject({}).transform(() => undefined);
/** The published protocol drops what it does not know, and a probe may add anything. */
const ANY_QUERY = z.unknown().transform(() => undefined);

const queryOf = ({ query, access, publishedCodes }: Route): z.ZodType =>
  query ?? (access === 'public' || publishedCodes ? ANY_QUERY : NO_QUERY);

function answerer(declared: Route, { once, turns }: Pick<ServeDeps, 'once' | 'turns'>): Serve {
  const { params, headers, body, idempotent, answers, handler } = declared;
  const readQuery = queryOf(declared);
  const send = sender(answers);
  const ids = params && Object.entries(params);
  const given = headers && Object.entries(headers).map(([name, schema]) => [name, name.toLowerCase(), schema] as const);
  const covered = idempotent?.covers?.toLowerCase();
  const answer: Serve = async (req, res, { params: found, query }) => {
    const bytes = stateOf(res).body ?? EMPTY;
    const json = body && jsonOf(req, bytes);
    const call = new Call(
      stateOf(res).principal,
      ids && readIds(ids, found),
      readQuery.parse(query),
      given && readHeaders(given, req),
      body?.schema?.parse(json),
      idempotent ? newId(idempotent.creates) : '',
      res,
    );
    stateOf(res).grant?.check(); // the body may have taken half a minute
    const key = idempotent && headerOf(req, 'idempotency-key');
    if (!idempotent || key === undefined) {
      send(res, await handler(call));
      return;
    }
    const { scope, secret } = idempotent;
    const route = ids ? `${scope} ${ids.map(([name]) => found[name]).join(' ')}` : scope;
    const body_sha256 = bodySha256(bytes, covered && headerOf(req, covered));
    const work = async (id: string) => {
      call.new_id = id;
      return handler(call);
    };
    const reply = await once(principalOf(res), { route, key, body_sha256 }, call.new_id, work, secret);
    send(res, reply);
  };
  if (declared.access === 'public') return answer;
  return async (req, res, address) => {
    const state = stateOf(res);
    const turn = await turns.take(principalOf(res));
    state.turn = turn;
    try {
      if (!res.closed) await answer(req, res, address); // nothing was done for a caller who left the line
    } finally {
      turn.leave();
    }
  };
}

function readIds(declared: [string, IdParam][], found: Address['params']): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [name, { prefix, noun }] of declared) {
    const id = String(found[name]);
    if (!isId(prefix, id)) throw new DomainError('not_found', `There is no such ${noun}.`);
    ids[name] = id;
  }
  return ids;
}

function readHeaders(
  declared: (readonly [name: string, lowerCase: string, schema: z.ZodType])[],
  req: IncomingMessage,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, lowerCase, schema] of declared) {
    const text = headerOf(req, lowerCase);
    if (text === undefined) continue;
    const parsed = schema.safeParse(text);
    if (!parsed.success)
      throw new DomainError('invalid_request', `${name}: ${parsed.error.issues[0]?.message ?? 'it is not valid'}.`);
    values[name] = parsed.data;
  }
  return values;
}

function sender(answers: Readonly<Record<number, AnswerFormat>>): (res: ServerResponse, reply: Reply) => void {
  const others = Object.fromEntries(
    Object.entries(answers).flatMap(([status, format]) => ('mediaType' in format ? [[status, format]] : [])),
  );
  return (res, { status, headers, body }) => {
    const other = others[status];
    if (other?.stream) {
      res.writeHead(status, { 'Content-Type': `${other.mediaType}; charset=utf-8`, ...headers });
      if (res.req.method === 'HEAD') {
        res.end(); // no part of the stream may be sent, and Node sends the headers with the first part
        return;
      }
      (body as (res: ServerResponse) => void)(res);
      return;
    }
    if (other) sendText(res, status, other.mediaType, String(body), headers);
    else sendText(res, status, 'application/json', JSON.stringify(body), headers);
  };
}
