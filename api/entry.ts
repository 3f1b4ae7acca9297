import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Route } from './route.ts';
import type { Address, Serve } from './serve-route.ts';

export interface EntryDeps {
  /** What every request passes first. @throws DomainError */
  arrive: (req: IncomingMessage, res: ServerResponse) => void;
  serve: (declared: Route, path: string) => Serve;
  answerError: (error: unknown, req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Finds every other route. */
  router: RequestListener;
}

const NO_PARTS: Address = { params: {}, query: {} };

/**
 * Finds a declared route by its exact address and calls it, without the layers of the router, which cost an allowed request a fifth of
 * its time. An address with an id, a query or another spelling goes to the router, which calls the same `serve`, so what a route
 * checks does not depend on the way to it.
 */
export function createEntry(
  routes: readonly Route[],
  { arrive, serve, answerError, router }: EntryDeps,
): RequestListener {
  const found = new Map<string, Serve>();
  for (const declared of routes)
    for (const path of [declared.path, ...(declared.alsoAt ?? [])])
      if (!path.includes('{')) found.set(`${declared.method.toUpperCase()} ${path}`, serve(declared, path));

  const answer = async (served: Serve, req: IncomingMessage, res: ServerResponse) => {
    try {
      arrive(req, res);
      await served(req, res, NO_PARTS);
    } catch (error) {
      await answerError(error, req, res);
    }
  };
  return (req, res) => {
    const served = found.get(`${req.method} ${req.url}`);
    if (served) void answer(served, req, res);
    else router(req, res);
  };
}
