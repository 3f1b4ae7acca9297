import { z } from 'zod';
import '../contracts/index.ts';
import { ROLES } from '../contracts/key.ts';
import { mayDo, type Permission } from '../domain/access/permissions.ts';

/**
 * OpenAPI 3.1, produced from the contracts: every schema with an id is a component. The table below says which route takes and
 * answers which; a test compares it with the routes that the app has.
 */
interface Operation {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  summary: string;
  permission?: Permission;
  query?: string[];
  headers?: string[];
  body?: string;
  /** Status → component, or a media type for what is not JSON. */
  answers: Record<number, string | { mediaType: string }>;
  refusals: number[];
}

export const OPERATIONS: Operation[] = [
  {
    method: 'post',
    path: '/api/ingest',
    summary: 'Propose an action',
    permission: 'approval:create',
    headers: ['X-Letsping-Context'],
    body: 'IngestBody',
    answers: { 201: 'IngestAnswer' },
    refusals: [400, 401, 403, 409, 413, 415, 422, 503],
  },
  {
    method: 'get',
    path: '/api/status/{id}',
    summary: 'What became of it; a repeated read is held until it is decided',
    permission: 'approval:read',
    answers: { 200: 'StatusAnswer' },
    refusals: [401, 404, 503],
  },
  {
    method: 'get',
    path: '/api/approval-requests',
    summary: 'List, newest first',
    permission: 'approval:read',
    query: ['status', 'service', 'action', 'thread_id', 'limit', 'cursor'],
    answers: { 200: 'ApprovalRequestPage' },
    refusals: [400, 401, 503],
  },
  {
    method: 'get',
    path: '/api/approval-requests/{id}',
    summary: 'One request, with payload, findings and timeline',
    permission: 'approval:read',
    answers: { 200: 'ApprovalRequestDetail' },
    refusals: [401, 404, 503],
  },
  {
    method: 'get',
    path: '/api/approval-requests/{id}/receipt',
    summary: 'The receipt: a compact JWS',
    permission: 'approval:read',
    answers: { 200: { mediaType: 'application/jose' } },
    refusals: [401, 404, 503],
  },
  {
    method: 'post',
    path: '/api/approval-requests/{id}/decisions',
    summary: 'Approve, patch or reject',
    permission: 'approval:decide',
    body: 'Decision',
    answers: { 201: 'DecisionAnswer', 200: 'DecisionAnswer', 202: 'DecisionRecorded' },
    refusals: [400, 401, 403, 404, 409, 412, 413, 415, 422, 503],
  },
  {
    method: 'post',
    path: '/api/approval-requests/{id}/cancel',
    summary: 'Withdraw a pending request',
    permission: 'approval:cancel',
    answers: { 200: 'CancelAnswer', 202: 'CancelAnswer' },
    refusals: [401, 403, 404, 409, 503],
  },
  {
    method: 'post',
    path: '/api/approval-requests/{id}/executed',
    summary: 'Report the one execution of what was approved',
    permission: 'approval:execute',
    body: 'ExecutedBody',
    answers: { 201: 'ExecutedAnswer' },
    refusals: [400, 401, 403, 404, 409, 503],
  },
  {
    method: 'get',
    path: '/api/policy',
    summary: 'The policy in force',
    permission: 'policy:manage',
    answers: { 200: 'PolicyVersion' },
    refusals: [401, 403, 503],
  },
  {
    method: 'put',
    path: '/api/policy',
    summary: 'Write the next version of the policy; one that loosens needs a reason, in one of two places',
    permission: 'policy:manage',
    query: ['reason'],
    headers: ['X-Letsping-Reason'],
    body: 'Policy',
    answers: { 200: 'PolicyVersion' },
    refusals: [400, 401, 403, 415, 422, 503],
  },
  {
    method: 'get',
    path: '/api/policy/versions',
    summary: 'What each version of the policy changed, newest first',
    permission: 'policy:manage',
    query: ['limit', 'before'],
    answers: { 200: 'PolicyLog' },
    refusals: [400, 401, 403, 503],
  },
  {
    method: 'post',
    path: '/api/policy/simulate',
    summary: 'What a policy would have made of recorded requests; nothing is changed',
    permission: 'policy:manage',
    body: 'PolicySimulationBody',
    answers: { 200: 'PolicySimulation' },
    refusals: [400, 401, 403, 413, 415, 422, 429, 503],
  },
  {
    method: 'get',
    path: '/api/keys',
    summary: 'List API keys',
    permission: 'key:manage',
    answers: { 200: 'KeyList' },
    refusals: [401, 403, 503],
  },
  {
    method: 'post',
    path: '/api/keys',
    summary: 'Create an API key; it is shown once',
    permission: 'key:manage',
    body: 'CreateKeyBody',
    answers: { 201: 'CreatedKey' },
    refusals: [400, 401, 403, 409, 422, 503],
  },
  {
    method: 'delete',
    path: '/api/keys/{id}',
    summary: 'Revoke an API key',
    permission: 'key:manage',
    answers: { 200: 'ApiKey' },
    refusals: [401, 403, 404, 503],
  },
  {
    method: 'get',
    path: '/api/events',
    summary: 'Server-sent events: names and ids',
    permission: 'approval:read',
    answers: { 200: { mediaType: 'text/event-stream' } },
    refusals: [401],
  },
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Keys that verify receipts',
    answers: { 200: { mediaType: 'application/json' } },
    refusals: [503],
  },
  {
    method: 'get',
    path: '/livez',
    summary: 'The process is alive',
    answers: { 200: { mediaType: 'application/json' } },
    refusals: [],
  },
  {
    method: 'get',
    path: '/readyz',
    summary: 'It can work: database, migrations, Temporal',
    answers: { 200: { mediaType: 'application/json' }, 503: { mediaType: 'application/json' } },
    refusals: [],
  },
  {
    method: 'get',
    path: '/api/openapi.json',
    summary: 'This document',
    answers: { 200: { mediaType: 'application/json' } },
    refusals: [],
  },
];

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

const content = (answer: string | { mediaType: string }) =>
  typeof answer === 'string'
    ? { 'application/json': { schema: reference(answer) } }
    : {
        [answer.mediaType]: {
          schema: answer.mediaType === 'application/json' ? { type: 'object' } : { type: 'string' },
        },
      };

function operation({ method, path, summary, permission, query, headers, body, answers, refusals }: Operation) {
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(query ?? []).map((name) => ({
      name,
      in: 'query',
      schema: name === 'limit' ? { type: 'integer', minimum: 1, maximum: 200, default: 50 } : { type: 'string' },
    })),
    ...(headers ?? []).map((name) => ({ name, in: 'header', schema: { type: 'string' } })),
    ...(method === 'post'
      ? [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string', maxLength: 255 } }]
      : []),
  ];
  const roles = permission && ROLES.filter((role) => mayDo(role, permission));
  return {
    operationId: `${method} ${path}`.replaceAll(/[^a-z]+/gi, '_').replace(/_$/, ''),
    summary,
    ...(roles ? { description: `Roles: ${roles.join(', ')}.`, security: [{ api_key: [] }] } : { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: reference(body) } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          { description: status === '202' ? 'Taken, and not yet effective' : 'Done', content: content(answer) },
        ]),
      ),
      ...Object.fromEntries(
        refusals
          .filter((status) => !(status in answers))
          .map((status) => [
            status,
            { description: 'Refused', content: { 'application/problem+json': { schema: reference('Problem') } } },
          ]),
      ),
    },
  };
}

/** @param publicUrl without a slash at its end */
export function openApiDocument(publicUrl: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const described of OPERATIONS)
    paths[described.path] = { ...paths[described.path], [described.method]: operation(described) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'letsping-temporal',
      version: '0.1.0',
      description: 'Human approval and a behavioural firewall for AI agents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: { api_key: { type: 'http', scheme: 'bearer', description: 'An API key, lp_…' } },
    },
  };
}
