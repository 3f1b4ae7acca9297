import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppDeps, createApp } from '../../api/app.ts';
import { type Permission, ROLES } from '../../contracts/key.ts';
import { roleMayDo } from '../../domain/access/permissions.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** Everything that can be called, and who may. A new route, or another permission, is a reviewed change of this table. */
const SURFACE: Record<string, Permission | 'public'> = {
  'POST /api/ingest': 'approval:create',
  'GET /api/status/{id}': 'approval:read',
  'GET /livez': 'public',
  'GET /readyz': 'public',
  'GET /.well-known/jwks.json': 'public',
  'GET /api/approval-requests': 'approval:read',
  'GET /api/approval-requests/{id}': 'approval:read',
  'GET /api/approval-requests/{id}/receipt': 'approval:read',
  'POST /api/approval-requests/{id}/decisions': 'approval:decide',
  'POST /api/approval-requests/{id}/cancel': 'approval:cancel',
  'POST /api/approval-requests/{id}/executed': 'approval:execute',
  'POST /api/approval-requests/{id}/claim': 'approval:execute',
  'POST /api/approval-requests/{id}/claim/end': 'approval:execute',
  'POST /api/approval-requests/{id}/claim/close': 'permit:close',
  'GET /api/policy': 'policy:manage',
  'PUT /api/policy': 'policy:manage',
  'GET /api/policy/versions': 'policy:manage',
  'POST /api/policy/simulate': 'policy:manage',
  'GET /api/keys': 'key:manage',
  'POST /api/keys': 'key:manage',
  'DELETE /api/keys/{id}': 'key:manage',
  'GET /api/sessions': 'key:manage',
  'DELETE /api/sessions/{id}': 'key:manage',
  'GET /api/events': 'approval:read',
  'GET /api/audit': 'audit:read',
  'GET /api/openapi.json': 'public',
};
/** Mounted and not described: second paths of wire routes, and the approval page, which is HTML for people. */
const NOT_DESCRIBED = [
  'POST /ingest',
  'GET /status/{id}',
  'GET /assets/{version}/*path',
  'GET /docs',
  'GET /docs/{name}',
  'GET /login',
  'POST /login',
  'POST /logout',
  'GET /sessions',
  'POST /sessions/{id}/end',
  'GET /',
  'GET /requests',
  'GET /requests/{id}',
  'GET /requests/{id}/decision',
  'GET /requests/{id}/preview',
  'POST /requests/{id}/preview',
  'GET /requests/{id}/permit',
  'POST /requests/{id}/permit',
  'POST /requests/{id}/decision',
];

interface Operation {
  'x-permission'?: Permission;
  parameters?: { name: string; in: string; schema: object }[];
  [member: string]: unknown;
}
interface Document {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let system: TestSystem;
let document: Document;
beforeAll(async () => {
  system = await createSystem();
  document = (await (await fetch(`${system.api.url}/api/openapi.json`)).json()) as Document;
});
afterAll(() => system.stop());

const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );

interface Layer {
  slash: boolean;
  route?: { path: string | string[]; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** Every route in the router of an app over no parts at all: mounting reads none. */
function mounted(
  stack = createApp({ publicUrl: () => '', stores: {}, limits: {} } as AppDeps).app.router.stack as unknown as Layer[],
): string[] {
  return stack.flatMap(({ slash, route, handle }) => {
    if (handle.stack && !route && !slash)
      throw new Error('a router below a path: its routes have other paths than here');
    if (!route) return handle.stack ? mounted(handle.stack) : [];
    return [route.path]
      .flat()
      .flatMap((path) =>
        Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
      );
  });
}

/** One call, as the dispatch answers it. The body is no JSON, so that no handler runs where one is read. */
async function call(name: string, key?: string) {
  const [method = '', path = ''] = name.split(' ');
  const answer = await fetch(`${system.api.url}${path.replace('{id}', 'x')}`, {
    method,
    headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    ...(['POST', 'PUT'].includes(method) && { body: 'no JSON' }),
  });
  const isProblem = answer.headers.get('content-type')?.includes('problem+json');
  const problem = isProblem ? ((await answer.json()) as { detail: string }) : undefined;
  await answer.body?.cancel().catch(() => {});
  return { status: answer.status, detail: problem?.detail ?? '' };
}

const isUnknown = ({ status, detail }: { status: number; detail: string }) =>
  status === 404 && detail.startsWith('There is nothing here');

async function accessProblems(name: string, permission: Permission | undefined): Promise<string[]> {
  const anonymous = await call(name);
  if (!permission) return anonymous.status === 401 || isUnknown(anonymous) ? [`${name} is not public`] : [];
  const problems = anonymous.status === 401 ? [] : [`${name} asks for no key`];
  for (const role of ROLES) {
    const answer = await call(name, system[`${role}_api_key`]);
    const refused = answer.status === 403 && answer.detail.endsWith(`has no permission ${permission}.`);
    if (isUnknown(answer)) problems.push(`${name} does not exist for ${role}`);
    else if (roleMayDo(role, permission) && answer.status === 403) problems.push(`${name} refuses ${role}`);
    else if (!roleMayDo(role, permission) && !refused)
      problems.push(`${name} does not refuse ${role} for ${permission}`);
  }
  return problems;
}

/** Where a document and the server differ: routes too many, too few, and what each role may call. */
async function differences(described: Document): Promise<string[]> {
  const found = operations(described);
  const names = [...found.map(({ name }) => name), ...NOT_DESCRIBED];
  const real = mounted();
  const access = await Promise.all(found.map(({ name, operation }) => accessProblems(name, operation['x-permission'])));
  return [
    ...real.filter((name) => !names.includes(name)).map((name) => `${name} is not described`),
    ...names.filter((name) => !real.includes(name)).map((name) => `${name} is not mounted`),
    ...access.flat(),
  ];
}

test('the document describes exactly the routes there are, each with the permission that it asks for', async () => {
  expect(await differences(document)).toEqual([]);
  expect(
    Object.fromEntries(
      operations(document).map(({ name, operation }) => [name, operation['x-permission'] ?? 'public']),
    ),
  ).toEqual(SURFACE);
});

test('the comparison finds one route too few, one too many, and a wrong permission', async () => {
  const altered = (change: (paths: Document['paths']) => void) => {
    const copy = structuredClone(document);
    change(copy.paths);
    return differences(copy);
  };
  expect(await altered((paths) => delete paths['/api/keys']!['post'])).toEqual(['POST /api/keys is not described']);
  expect(
    await altered((paths) => {
      paths['/api/keys/{id}']!['get'] = { 'x-permission': 'key:manage' };
    }),
  ).toEqual([
    'GET /api/keys/{id} is not mounted',
    ...ROLES.map((role) => `GET /api/keys/{id} does not exist for ${role}`),
  ]);
  const withPermission = (path: string, method: string, permission: Permission | undefined) =>
    altered((paths) => {
      if (permission) paths[path]![method]!['x-permission'] = permission;
      else delete paths[path]![method]!['x-permission'];
    });
  expect(await withPermission('/api/policy', 'put', 'approval:decide')).toEqual([
    'PUT /api/policy does not refuse agent for approval:decide',
    'PUT /api/policy refuses approver',
  ]);
  expect(await withPermission('/api/ingest', 'post', 'approval:execute')).toEqual([
    'POST /api/ingest does not refuse approver for approval:execute',
    'POST /api/ingest does not refuse admin for approval:execute',
  ]);
  expect(await withPermission('/api/events', 'get', undefined)).toEqual(['GET /api/events is not public']);
  expect(await withPermission('/livez', 'get', 'approval:read')).toEqual(['GET /livez asks for no key']);
});

test('a path that no route declares is 401 without a key under /api, and 404 with one', async () => {
  for (const name of ['GET /api', 'GET /api/nothing', 'DELETE /api/ingest', 'POST /api/openapi.json']) {
    expect(await call(name), name).toMatchObject({ status: 401 });
    for (const role of ROLES)
      expect(await call(name, system[`${role}_api_key`]), name).toEqual({
        status: 404,
        detail: 'There is nothing here.',
      });
  }
  expect(await call('GET /nothing', system.admin_api_key)).toMatchObject({ status: 404 });
});

test('parameters and answers come from the schemas, and every reference leads somewhere', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(document.servers).toEqual([{ url: system.api.url }]);
  for (const reference of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(document.components.schemas).toHaveProperty(reference[1]!);
  const list = document.paths['/api/approval-requests']!['get']!;
  expect(list.parameters!.map(({ name }) => name)).toEqual([
    'status',
    'service',
    'action',
    'thread_id',
    'permit',
    'limit',
    'cursor',
  ]);
  expect(list.parameters!.find(({ name }) => name === 'limit')!.schema).toEqual({
    type: 'integer',
    minimum: 1,
    maximum: 200,
    default: 50,
  });
  expect(list).toMatchObject({
    operationId: 'get_api_approval_requests',
    security: [{ api_key: [] }],
    responses: {
      200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/ApprovalRequestPage' } } } },
    },
  });
  const withKey = operations(document).filter(({ operation }) =>
    operation.parameters?.some(({ name }) => name === 'Idempotency-Key'),
  );
  expect(withKey.map(({ name }) => name)).toEqual([
    'POST /api/ingest',
    'POST /api/approval-requests/{id}/decisions',
    'POST /api/approval-requests/{id}/cancel',
    'POST /api/approval-requests/{id}/executed',
    'POST /api/keys',
  ]);
});

interface Schema {
  [keyword: string]: unknown;
}

/** The texts below a schema that take NUL, by where they are. */
function nulTakers(schema: Schema, at: string, seen = new Set<string>()): string[] {
  const { $ref, type, enum: values, const: only, pattern, allOf = [] } = schema as { $ref?: string } & Schema;
  if ($ref !== undefined) {
    if (seen.has($ref)) return [];
    const named = document.components.schemas[$ref.split('/').at(-1)!] as Schema;
    return nulTakers(named, at, new Set([...seen, $ref]));
  }
  if (type === 'string' && values === undefined && only === undefined) {
    const patterns = [pattern, ...(allOf as Schema[]).map((part) => part['pattern'])].filter(Boolean) as string[];
    return patterns.some((one) => !new RegExp(one, 'u').test('a\0b') && !new RegExp(one, 'u').test('\ud800'))
      ? []
      : [at];
  }
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema;
  return [
    ...Object.entries(properties as Record<string, Schema>).flatMap(([name, below]) =>
      nulTakers(below, `${at}/${name}`, seen),
    ),
    ...(items ? nulTakers(items as Schema, `${at}/*`, seen) : []),
    ...[...(anyOf as Schema[]), ...(oneOf as Schema[])].flatMap((below) => nulTakers(below, at, seen)),
  ];
}

test('no text that a caller sends may hold NUL or half of a surrogate pair', () => {
  const taken = operations(document).flatMap(({ name, operation }) => {
    const body = operation['requestBody'] as { content: Record<string, { schema: Schema }> } | undefined;
    return [
      ...(operation.parameters ?? [])
        .filter((parameter) => parameter.in !== 'header') // a header cannot carry NUL
        .flatMap((parameter) => nulTakers(parameter.schema as Schema, `${name} ${parameter.in} ${parameter.name}`)),
      ...(body ? nulTakers(body.content['application/json']!.schema, name) : []),
    ];
  });
  expect(taken).toEqual([]);
  expect(nulTakers({ type: 'object', properties: { a: { type: 'string' } } }, 'x')).toEqual(['x/a']);
});
