import type { IRouter } from 'express';
import type { Route } from './route.ts';
import type { Serve } from './serve-route.ts';

/**
 * Mounts declared routes, in their order, and is the only place that mounts any but the pages. A route whose path has no id, called without a
 * query, does not come here: `entry.ts` finds it first.
 */
export function mountRoutes(
  app: IRouter,
  routes: readonly Route[],
  serve: (declared: Route, path: string) => Serve,
): void {
  for (const declared of routes)
    for (const path of [declared.path, ...(declared.alsoAt ?? [])]) {
      const template = path.replaceAll(/\{(\w+)\}/g, ':$1');
      const served = serve(declared, template);
      app[declared.method](template, (req, res) => served(req, res, { params: req.params, query: req.query }));
    }
}
