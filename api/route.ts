import type { ServerResponse } from 'node:http';
import type { z } from 'zod/v4';
import type { ErrorCode } from '../contracts/error-codes.ts';
import type { Permission } from '../contracts/key.ts';
import type { IdPrefix } from '../crypto/ids.ts';
import type { Principal } from '../domain/access/permissions.ts';
import type { AnyCall, Call } from './call.ts';
import type { BodyLimit } from './middleware/json-body.ts';

/** An answer that is not JSON: one text, or a stream that the handler writes until the caller leaves. */
export interface TextAnswer {
  mediaType: string;
  stream?: false;
}
export interface StreamAnswer {
  mediaType: string;
  stream: true;
}
export type AnswerFormat = z.ZodType | TextAnswer | StreamAnswer;

export interface Reply<Status extends number = number, Body = unknown> {
  status: Status;
  headers?: Readonly<Record<string, string>> | undefined;
  body: Body;
}

/** An id in the path. One of another form is as unknown as one of another project: 404. */
export interface IdParam {
  prefix: IdPrefix;
  /** What the 404 says does not exist. */
  noun: string;
}

export interface Idempotent {
  /** Names the route where keys are kept; with the id in the path, if there is one. */
  scope: string;
  /** The prefix of `new_id`. */
  creates: IdPrefix;
  /** A header that counts as part of the body: a repeat must send the same. */
  covers?: string;
  /** Members of the answer that are given once: a repeat has the rest. They are not stored. */
  secret?: readonly string[];
}

/** A route as it is mounted and described. Made by `route`, which checks the handler against the rest. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes it: `/api/keys/{id}`. */
  readonly path: string;
  /** Further paths of the same route. They are not described. */
  readonly alsoAt?: readonly string[];
  readonly summary: string;
  readonly access: Permission | 'public';
  readonly params?: Readonly<Record<string, IdParam>> | undefined;
  readonly query?: z.ZodType;
  /** Each is optional for the caller. */
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  /** Without a schema the body is read, checked as JSON and ignored. */
  readonly body?: { readonly schema?: z.ZodType; readonly limit: BodyLimit };
  /** The route takes an `Idempotency-Key`. */
  readonly idempotent?: Idempotent;
  /** Errors carry the codes that the published clients branch on. */
  readonly publishedCodes?: boolean;
  readonly answers: Readonly<Record<number, AnswerFormat>>;
  /** Those that do not follow from the rest of the declaration (`refusals.ts`). */
  readonly refusals?: readonly ErrorCode[];
  handler(call: AnyCall): Promise<Reply> | Reply;
}

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

type BodyOf<Format> = Format extends z.ZodType
  ? z.output<Format>
  : Format extends StreamAnswer
    ? (res: ServerResponse) => void
    : string;

type ReplyOf<Answers> = { [Status in keyof Answers & number]: Reply<Status, BodyOf<Answers[Status]>> }[keyof Answers &
  number];

type Declaration<
  Path extends string,
  Access extends Permission | 'public',
  Query extends z.ZodType,
  Headers extends Record<string, z.ZodType>,
  Body extends z.ZodType,
  Answers extends Record<number, AnswerFormat>,
> = Omit<Route, 'path' | 'access' | 'params' | 'query' | 'headers' | 'body' | 'answers' | 'handler'> & {
  readonly path: Path;
  readonly access: Access;
  readonly query?: Query;
  readonly headers?: Headers;
  readonly body?: { readonly schema?: Body; readonly limit: BodyLimit };
  readonly answers: Answers;
  handler(
    call: Call<
      Access extends 'public' ? undefined : Principal,
      Record<ParamNames<Path>, string>,
      z.output<Query>,
      { [Name in keyof Headers]?: z.output<Headers[Name]> },
      z.output<Body>
    >,
  ): Promise<ReplyOf<NoInfer<Answers>>> | ReplyOf<NoInfer<Answers>>;
} & ([ParamNames<Path>] extends [never]
    ? { readonly params?: undefined }
    : { readonly params: Readonly<Record<ParamNames<Path>, IdParam>> });

/**
 * Declares a route: who may call it, what it takes, what it answers, and the handler, which is checked against all three.
 * `mountRoutes` installs the checks from the declaration; `openApiDocument` describes it.
 *
 * @example
 * route({
 *   method: 'delete',
 *   path: '/api/keys/{id}',
 *   summary: 'Revoke an API key',
 *   access: 'key:manage',
 *   params: { id: { prefix: 'key', noun: 'key' } },
 *   answers: { 200: ApiKey },
 *   handler: async ({ principal, params }) => ({ status: 200, body: await revoke(principal, params.id) }),
 * });
 */
export const route = <
  const Path extends string,
  Access extends Permission | 'public',
  Answers extends Record<number, AnswerFormat>,
  Query extends z.ZodType = z.ZodUndefined,
  Headers extends Record<string, z.ZodType> = Record<never, never>,
  Body extends z.ZodType = z.ZodUndefined,
>(
  declaration: Declaration<Path, Access, Query, Headers, Body, Answers>,
): Route => declaration;
