import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LetsPing, LetsPingError } from '../../client/index.ts';
import { Problem } from '../../contracts/problem.ts';
import { REPOSITORY } from '../helpers/repository-files.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
});
afterAll(() => system.stop());

const read = async (address: string) => {
  const answer = await fetch(new URL(address, system.api.url), { redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const idsOf = (page: string) => [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
/** The page of an address has the element that its fragment names. */
async function leadsSomewhere(address: string): Promise<boolean> {
  const { status, text } = await read(address);
  const { hash } = new URL(address, system.api.url);
  return status === 200 && (hash === '' || idsOf(text).includes(decodeURIComponent(hash.slice(1))));
}

const NAMES = readdirSync(join(REPOSITORY, 'docs'))
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => file.replace(/\.md$/, ''));
const ERRORS = readFileSync(join(REPOSITORY, 'docs/errors.md'), 'utf8');

describe('/docs', () => {
  test('serves each document to everyone, with the headers of a page, and without a script', async () => {
    expect(NAMES.length).toBeGreaterThan(8);
    for (const path of ['/docs', ...NAMES.map((name) => `/docs/${name}`)]) {
      const { status, headers, text } = await read(path);
      expect(status, path).toBe(200);
      expect(Object.fromEntries(headers), path).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'public, max-age=600',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
      expect(headers.getSetCookie(), path).toEqual([]);
      expect(text, path).not.toMatch(/<script|<style| style=| on\w+=/i);
      expect(text.match(/<h1/g), path).toHaveLength(1);
      expect(text, path).toMatch(/<title>[^<]+ · LetsPing<\/title>/);
    }
  });

  test('every link on every page leads to a page that exists, and to a heading of it', async () => {
    const pages = await Promise.all(
      ['/docs', ...NAMES.map((name) => `/docs/${name}`)].map(async (path) => ({ path, text: (await read(path)).text })),
    );
    const links = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/<a href="([^"]+)"/g)].map(([, to]) => ({ path, to: to!.startsWith('#') ? path + to : to! })),
    );
    const local = [...new Set(links.map(({ to }) => to).filter((to) => to.startsWith('/docs')))];
    expect(local.length).toBeGreaterThan(40);
    const found = await Promise.all(local.map(async (to) => ({ to, ok: await leadsSomewhere(to) })));
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    const others = links.filter(({ to }) => !to.startsWith('/'));
    expect(others.filter(({ to }) => !to.startsWith('https://'))).toEqual([]);
    expect(others.map(({ to }) => to)).toContain('https://github.com/letsping/letsping-temporal/blob/main/README.md');
  });

  test('/docs/errors has each code as an id, in the case in which it is written', async () => {
    const ids = idsOf((await read('/docs/errors')).text);
    const codes = [...ERRORS.matchAll(/^### `(.+)`$/gm)].map(([, code]) => code!);
    expect(codes.length).toBeGreaterThan(80);
    expect(codes.filter((code) => !ids.includes(code) || !ids.includes(code.toLowerCase()))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has the anchors that the published clients add to their address of documents', async () => {
    const ids = idsOf((await read('/docs/errors')).text);
    for (const id of ['auth', 'billing', 'requests', 'rate-limits', 'timeouts', 'errors', 'webhooks'])
      expect(ids).toContain(id);
  });

  test('an unknown name is a page that says so, and shows the name as text', async () => {
    for (const name of ['nothing', 'README', 'errors.md', '..%2f..%2fpackage', 'constructor']) {
      const { status, text, headers } = await read(`/docs/${name}`);
      expect(status, name).toBe(404);
      expect(text, name).toContain('No such document');
      expect(headers.get('content-security-policy'), name).toContain("default-src 'none'");
    }
    expect((await read('/docs/%3Cimg%20src=x%3E')).text).toContain('There is no document &lt;img src=x&gt;.');
  });
});

describe('a refusal', () => {
  test('has the address of its section as type, on every route', async () => {
    const id = `req_${'0'.repeat(26)}`;
    const refusals = await Promise.all([
      system.call('lp_wrong', 'GET', '/api/keys'),
      system.call(system.agent_api_key, 'GET', '/api/keys'),
      system.call(system.agent_api_key, 'GET', `/api/status/${id}`),
      system.call(system.agent_api_key, 'POST', '/api/ingest', '{'),
      system.call(system.agent_api_key, 'POST', '/api/ingest', { service: 1 }),
      system.call(system.agent_api_key, 'POST', '/api/ingest', 'x'.repeat(5_000_000)),
      system.call(system.admin_api_key, 'GET', `/api/approval-requests/${id}/receipt`),
    ]);
    const types = refusals.map(({ body }) => Problem.parse(body).type);
    expect(types.map((type) => type.split('#')[1])).toEqual([
      'unauthenticated',
      'forbidden',
      'not_found',
      'malformed_body',
      'invalid_request',
      'body_too_large',
      'not_found',
    ]);
    for (const type of types) {
      expect(type.startsWith(`${system.api.url}/docs/errors#`), type).toBe(true);
      expect(await leadsSomewhere(type), type).toBe(true);
    }
  });

  test('leads the client to its section', async () => {
    const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api.url });
    const error = await lp.getRequestStatus('req_unknown').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LetsPingError);
    expect(error).toMatchObject({
      code: 'LETSPING_404_NOT_FOUND',
      problemCode: 'not_found',
      docs: `${system.api.url}/docs/errors#not_found`,
    });
  });

  test('looks as docs/errors.md shows it', async () => {
    const shown = JSON.parse(/^```json\n([\s\S]*?)^```/m.exec(ERRORS)?.[1] ?? '') as Problem;
    const { body, status, headers } = await system.call(
      system.approver_api_key,
      'POST',
      `/api/approval-requests/req_${'0'.repeat(26)}/decisions`,
      { type: 'approve' },
    );
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(status).toBe(shown.status);
    expect({ ...body, instance: shown.instance }).toEqual({
      ...shown,
      type: shown.type.replace('https://approvals.example.com', system.api.url),
    });
    expect(Object.keys(body)).toEqual(Object.keys(shown));
    const shape = (text: string) => text.replaceAll(/[0-9a-f]/g, '0');
    expect(shape(body.instance)).toBe(shape(shown.instance));
  });

  test('names the public address, not the one on which the api listens', async () => {
    const behind = await createSystem({ env: { LETSPING_PUBLIC_URL: 'https://approvals.example.com' } });
    try {
      const answer = await fetch(`http://127.0.0.1:${behind.api.port}/api/keys`, {
        headers: { authorization: 'Bearer lp_wrong' },
      });
      expect(((await answer.json()) as Problem).type).toBe('https://approvals.example.com/docs/errors#unauthenticated');
    } finally {
      await behind.stop();
    }
  });
});

test('the OpenAPI document describes the address, and names the documents', async () => {
  const document = JSON.parse((await read('/api/openapi.json')).text);
  expect(document.externalDocs).toEqual({ description: 'Documents', url: `${system.api.url}/docs` });
  expect(document.components.schemas.Problem.properties.type).toMatchObject({ type: 'string', format: 'uri' });
});
