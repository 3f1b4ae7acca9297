import { expectTypeOf, test } from 'vitest';
import { z } from 'zod/v4';
import { type Route, route } from '../../api/route.ts';
import type { Principal } from '../../domain/access/permissions.ts';

/** Checked by the compiler: `npm run typecheck` fails when one of these declarations compiles that should not, or the reverse. */
const declared = {
  method: 'post',
  path: '/things/{id}',
  summary: 'Change a thing',
  access: 'approval:create',
  params: { id: { prefix: 'req', noun: 'thing' } },
  answers: { 200: z.object({ size: z.number() }), 202: { mediaType: 'text/plain' } },
} as const;

test('a handler gets what its route declares, parsed', () => {
  route({
    ...declared,
    query: z.object({ limit: z.coerce.number() }),
    headers: { 'X-Size': z.coerce.number() },
    body: { schema: z.object({ name: z.string() }), limit: '256kb' },
    handler({ principal, params, query, headers, body }) {
      expectTypeOf(principal).toEqualTypeOf<Principal>();
      expectTypeOf(params.id).toEqualTypeOf<string>();
      expectTypeOf(query.limit).toEqualTypeOf<number>();
      expectTypeOf(headers['X-Size']).toEqualTypeOf<number | undefined>();
      expectTypeOf(body.name).toEqualTypeOf<string>();
      return { status: 200, body: { size: 1 } };
    },
  });
  route({
    ...declared,
    access: 'public',
    handler({ principal, body }) {
      expectTypeOf(principal).toEqualTypeOf<undefined>();
      expectTypeOf(body).toEqualTypeOf<undefined>();
      return { status: 202, body: 'taken' };
    },
  });
});

test('a status or body that is not declared, and a path parameter without a declaration, do not compile', () => {
  // @ts-expect-error 201 is not among the answers
  const wrongStatus: Route = route({ ...declared, handler: () => ({ status: 201, body: { size: 1 } }) });
  // @ts-expect-error a size is a number
  const wrongBody: Route = route({ ...declared, handler: () => ({ status: 200, body: { size: 'large' } }) });
  // @ts-expect-error {id} is in the path
  const wrongParams: Route = route({ ...declared, params: undefined, handler: () => ({ status: 202, body: '' }) });
  void [wrongStatus, wrongBody, wrongParams];
});
