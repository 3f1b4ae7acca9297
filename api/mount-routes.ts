import type { IRouter, Request, RequestHandler, Response } from 'express';
import { z } from 'zod/v4';
import { isId, newId } from '../crypto/ids.ts';
import { DomainError } from '../domain/errors.ts';
import { Call } from './call.ts';
import type { Turns } from './limits/turns.ts';
import type { Grants } from './live/grants.ts';
import { type Authenticate, admit } from './middleware/authenticate.ts';
import type { Once } from './middleware/idempotency-key.ts';
import { interruptible } from './middleware/interruptible.ts';
import { type BodyLimit, bodySha256, bytesOf, jsonOf, rawBody } from './middleware/json-body.ts';
import { principalOf, stateOf } from './request-state.ts';
import type { AnswerFormat, IdParam, Reply, Route } from './route.ts';

export interface MountDeps {
  authenticate: Authenticate;
  once: Once;
  grants: Grants;
  turns: Turns;
  /** Takes large bodies off this thread, once their sender is known to have the permission. Absent: they are read here. */
  largeBodies?: ((limit: BodyLimit) => RequestHandler) | undefined;
}

/**
 * Mounts declared routes, in their order, and is the only place that mounts any but the pages. A request passes
 * authentication, permission and the reading of its body in this order; which of them a route has is decided here, once.
 */
export function mountRoutes(app: IRouter, routes: readonly Route[], deps: MountDeps): void {
  for (const declared of routes) {
    const handlers = handlersOf(declared, deps);
    for (const path of [declared.path, ...(declared.alsoAt ?? [])])
      app[declared.method](path.replaceAll(/\{(\w+)\}/g, ':$1'), handlers);
  }
}

const handlersOf = (
  declared: Route,
  { authenticate, grants, turns, once, largeBodies }: MountDeps,
): RequestHandler[] => [
  ...(declared.access === 'public'
    ? []
    : [admit(authenticate, grants, declared.access, declared.publishedCodes === true)]),
  ...(declared.body && largeBodies ? [interruptible(largeBodies(declared.body.limit))] : []),
  ...(declared.body ? [rawBody(declared.body.limit)] : []),
  answerer(declared, once, turns),
];

/** A filter that is misspelt would be ignored, and the answer would hold more than was asked for. */
const NO_QUERY = z.strictObject({}).transform(() => undefined);
/** The published protocol drops what it does not know, and a probe may add anything. */
const ANY_QUERY = z.unknown().transform(() => undefined);

const queryOf = ({ query, access, publishedCodes }: Route): z.ZodType =>
  query ?? (access === 'public' || publishedCodes ? ANY_QUERY : NO_QUERY);

function answerer(declared: Route, once: Once, turns: Turns): RequestHandler {
  const { params, headers, body, idempotent, answers, handler } = declared;
  const readQuery = queryOf(declared);
  const send = sender(answers);
  const ids = params && Object.entries(params);
  const given = headers && Object.entries(headers);
  const answer = async (req: Request, res: Response): Promise<void> => {
    const json = body && jsonOf(req);
    const call = new Call(
      stateOf(res).principal,
      ids && readIds(ids, req),
      readQuery.parse(req.query),
      given && readHeaders(given, req),
      body?.schema?.parse(json),
      idempotent ? newId(idempotent.creates) : '',
      res,
    );
    stateOf(res).grant?.check(); // the body may have taken half a minute
    const key = idempotent && req.get('idempotency-key');
    if (!idempotent || key === undefined) {
      send(res, await handler(call));
      return;
    }
    const { scope, covers, secret } = idempotent;
    const route = ids ? `${scope} ${ids.map(([name]) => req.params[name]).join(' ')}` : scope;
    const body_sha256 = bodySha256(bytesOf(req), covers && req.get(covers));
    const work = async (id: string) => {
      call.new_id = id;
      return handler(call);
    };
    const reply = await once(principalOf(res), { route, key, body_sha256 }, call.new_id, work, secret);
    send(res, reply);
  };
  if (declared.access === 'public') return answer;
  return async (req, res) => {
    const state = stateOf(res);
    const turn = await turns.take(principalOf(res));
    state.turn = turn;
    try {
      if (!res.closed) await answer(req, res); // nothing was done for a caller who left the line
    } finally {
      turn.leave();
    }
  };
}

function readIds(declared: [string, IdParam][], req: Request): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [name, { prefix, noun }] of declared) {
    const id = String(req.params[name]);
    if (!isId(prefix, id)) throw new DomainError('not_found', `There is no such ${noun}.`);
    ids[name] = id;
  }
  return ids;
}

function readHeaders(declared: [string, z.ZodType][], req: Request): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, schema] of declared) {
    const text = req.get(name);
    if (text === undefined) continue;
    const parsed = schema.safeParse(text);
    if (!parsed.success)
      throw new DomainError('invalid_request', `${name}: ${parsed.error.issues[0]?.message ?? 'it is not valid'}.`);
    values[name] = parsed.data;
  }
  return values;
}

function sender(answers: Readonly<Record<number, AnswerFormat>>): (res: Response, reply: Reply) => void {
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
      (body as (res: Response) => void)(res);
      return;
    }
    if (headers) res.set(headers);
    if (other) res.status(status).type(other.mediaType).send(body);
    else res.status(status).json(body);
  };
}
