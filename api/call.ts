import type { ServerResponse } from 'node:http';
import type { Actor } from '../domain/acts/act.ts';
import type { GrantEnd } from './live/grants.ts';
import { actorOf, stateOf } from './request-state.ts';

/**
 * One call of a route, as its handler receives it: every value is parsed by the schema that the route declares.
 * `principal` is undefined on public routes only.
 */
export class Call<Who, Params, Query, Headers, Body> {
  readonly principal: Who;
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** The id for the record that an idempotent route creates. A repeat after a crash gets the id of the first try. */
  new_id: string;
  readonly #res: ServerResponse;

  constructor(
    who: Who,
    params: Params,
    query: Query,
    headers: Headers,
    body: Body,
    new_id: string,
    res: ServerResponse,
  ) {
    this.principal = who;
    this.params = params;
    this.query = query;
    this.headers = headers;
    this.body = body;
    this.new_id = new_id;
    this.#res = res;
  }

  /** Who calls, for the record of an administrative act. */
  get actor(): Actor {
    return actorOf(this.#res);
  }

  /** Runs when the caller's access ends before the answer is complete. */
  onAccessEnd(listener: (why: GrantEnd) => void): void {
    stateOf(this.#res).grant?.onEnd(listener);
  }

  /** Before each step that follows a wait. @throws DomainError when the caller's access has ended */
  checkAccess(): void {
    stateOf(this.#res).grant?.check();
  }

  /** Asks the database once more who is calling. @throws DomainError as `checkAccess` */
  async confirmAccess(): Promise<void> {
    await stateOf(this.#res).grant?.confirm();
  }

  /** Waits for something that may take long, and lets other requests of the key go first. */
  async aside<T>(work: Promise<T>): Promise<T> {
    const { turn } = stateOf(this.#res);
    turn?.leave();
    const done = await work;
    await turn?.back();
    return done;
  }

  /** Runs when the response is complete, or the caller closed the connection before that. */
  onClose(listener: () => void): void {
    if (this.#res.closed) listener();
    else this.#res.on('close', listener);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the types of one route's values are known where it is declared
export type AnyCall = Call<any, any, any, any, any>;
