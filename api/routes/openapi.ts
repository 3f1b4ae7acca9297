import { z } from 'zod/v4';
import { openApiDocument } from '../openapi.ts';
import { type Route, route } from '../route.ts';

const Document = z.record(z.string(), z.unknown());

/**
 * The routes, and one more that describes them all, itself included.
 * @param publicUrl without a slash at its end
 */
export function withOpenApi(others: readonly Route[], publicUrl: () => string): Route[] {
  let document: object | undefined; // made at the first request: reading every schema takes some ten milliseconds
  const routes: Route[] = [
    ...others,
    route({
      method: 'get',
      path: '/api/openapi.json',
      summary: 'This document',
      access: 'public',
      answers: { 200: Document },
      handler() {
        document ??= openApiDocument(routes);
        const externalDocs = { description: 'Documents', url: `${publicUrl()}/docs` };
        return { status: 200, body: { ...document, externalDocs, servers: [{ url: publicUrl() }] } };
      },
    }),
  ];
  return routes;
}
