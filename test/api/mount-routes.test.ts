import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod/v4';
import { errorHandler } from '../../api/error-handler.ts';
import { createTurns } from '../../api/limits/turns.ts';
import { createGrants } from '../../api/live/grants.ts';
import { assignRequestId } from '../../api/middleware/request-id.ts';
import { mountRoutes } from '../../api/mount-routes.ts';
import { route } from '../../api/route.ts';
import { type ServeDeps, serveRoute } from '../../api/serve-route.ts';
import type { Role } from '../../contracts/key.ts';
import { DomainError } from '../../domain/errors.ts';

/** A small app: the key of a caller is its role, and every body counts as large. */
let server: Server;
let url: string;
const answers = { 200: z.object({ by: z.string() }) };
const handler = () => ({ status: 200 as const, body: { by: 'this thread' } });

beforeAll(async () => {
  const app = express();
  app.use((req, res, next) => {
    assignRequestId(req, res);
    next();
  });
  const routes = [
    route({
      method: 'post',
      path: '/things',
      summary: 'Make',
      access: 'key:manage',
      body: { limit: '256kb' },
      answers,
      handler,
    }),
    route({ method: 'get', path: '/things', summary: 'List', access: 'key:manage', answers, handler }),
  ];
  const deps: ServeDeps = {
    authenticate: async (req) => {
      const role = req.headers.authorization as Role | undefined;
      if (!role) throw new DomainError('unauthenticated', 'Send an API key.');
      return {
        principal: {
          ...{ project_id: 'prj', owner: 'o', key_id: 'key', services: null, via: 'key', role },
          ...{ context_trust: 'full', permissions: null, made_by: null },
        },
        grant: { key_id: 'key', session_id: null, expires_at: null },
      };
    },
    grants: createGrants({ endedAmong: async () => () => false }),
    turns: createTurns(),
    once: async (_principal, _scope, id, work) => work(id),
    largeBodies: () => async (_req, res) => {
      res.end(JSON.stringify({ by: 'the other thread' }));
      return 'answered';
    },
  };
  mountRoutes(app, routes, (declared, template) => serveRoute(declared, template, deps));
  app.use(errorHandler({ log: { info() {}, warn() {}, error() {} }, publicUrl: () => 'http://127.0.0.1:4400' }));
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`;
});
afterAll(() => server.close());

const send = async (method: string, role?: Role) => {
  const res = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...(role && { authorization: role }) },
    ...(method === 'POST' && { body: '{}' }),
  });
  return { status: res.status, by: ((await res.json()) as { by?: string }).by };
};

test('a body reaches the thread for large bodies only when its sender has the permission', async () => {
  expect(await send('POST')).toEqual({ status: 401, by: undefined });
  expect(await send('POST', 'agent')).toEqual({ status: 403, by: undefined });
  expect(await send('POST', 'approver')).toEqual({ status: 403, by: undefined });
  expect(await send('POST', 'admin')).toEqual({ status: 200, by: 'the other thread' });
});

test('a route without a body is answered here', async () => {
  expect(await send('GET', 'agent')).toEqual({ status: 403, by: undefined });
  expect(await send('GET', 'admin')).toEqual({ status: 200, by: 'this thread' });
});
