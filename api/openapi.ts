import { z } from 'zod/v4';
import '../contracts/index.ts';
import { ROLES } from '../contracts/key.ts';
import { idPattern } from '../crypto/ids.ts';
import { roleMayDo } from '../domain/access/permissions.ts';
import { refusalsOf } from './refusals.ts';
import type { AnswerFormat, Route } from './route.ts';

/** OpenAPI 3.1, derived from the declared routes and the contracts: every schema with an id is a component. */

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function components(): Record<string, object> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, {
    io: 'input',
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas as Record<string, Record<string, unknown>>).map(
      ([name, { $schema: _schema, $id: _id, ...schema }]) => [name, schema],
    ),
  );
}

interface JsonSchema {
  [keyword: string]: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

function inline(schema: z.ZodType): JsonSchema {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  return rest;
}

const schemaOf = (schema: z.ZodType): object => {
  const { id } = z.globalRegistry.get(schema) ?? {};
  return id === undefined ? inline(schema) : reference(id);
};

const parameter = (where: 'query' | 'header', name: string, required: boolean, schema: JsonSchema) => {
  const { description, ...rest } = schema;
  return {
    name,
    in: where,
    ...(required && { required }),
    ...(description !== undefined && { description }),
    schema: rest,
  };
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The first answer is repeated for 24 hours, and nothing is done twice',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function parametersOf({ params = {}, query, headers = {}, idempotent }: Route) {
  const { properties = {}, required = [] } = query ? inline(query) : {};
  return [
    ...Object.entries(params).map(([name, { prefix }]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', pattern: idPattern(prefix) },
    })),
    ...Object.entries(properties).map(([name, schema]) => parameter('query', name, required.includes(name), schema)),
    ...Object.entries(headers).map(([name, schema]) => parameter('header', name, false, inline(schema))),
    ...(idempotent ? [IDEMPOTENCY_KEY] : []),
  ];
}

const content = (format: AnswerFormat) =>
  'mediaType' in format
    ? { [format.mediaType]: { schema: { type: 'string' } } }
    : { 'application/json': { schema: schemaOf(format) } };

function responsesOf(route: Route) {
  const answered = Object.entries(route.answers).map(([status, format]) => [
    status,
    { description: status === '202' ? 'Accepted, not yet effective' : 'Done', content: content(format) },
  ]);
  const refused = refusalsOf(route)
    .filter(([status]) => !(status in route.answers))
    .map(([status, codes]) => [
      status,
      {
        description: `Refused: ${codes.join(', ')}`,
        content: { 'application/problem+json': { schema: reference('Problem') } },
      },
    ]);
  return Object.fromEntries([...answered, ...refused]);
}

function securityOf({ access }: Route) {
  if (access === 'public') return { security: [] };
  const roles = ROLES.filter((role) => roleMayDo(role, access));
  return { description: `Roles: ${roles.join(', ')}.`, 'x-permission': access, security: [{ api_key: [] }] };
}

function operationOf(route: Route) {
  const { method, path, summary, body } = route;
  const parameters = parametersOf(route);
  return {
    operationId: `${method} ${path}`.replaceAll(/[^a-z]+/gi, '_').replace(/_$/, ''),
    summary,
    ...securityOf(route),
    ...(parameters.length > 0 && { parameters }),
    ...(body?.schema && {
      requestBody: {
        required: !body.schema.safeParse(undefined).success,
        content: { 'application/json': { schema: schemaOf(body.schema) } },
      },
    }),
    responses: responsesOf(route),
  };
}

/** Everything but `servers` and `externalDocs`, which are known only when the server listens. */
export function openApiDocument(routes: readonly Route[]) {
  const paths: Record<string, Record<string, ReturnType<typeof operationOf>>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'letsping-temporal',
      version: '0.1.0',
      description: 'Human approval and a behavioural firewall for AI agents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: components(),
      securitySchemes: { api_key: { type: 'http', scheme: 'bearer', description: 'An API key, lp_…' } },
    },
  };
}
