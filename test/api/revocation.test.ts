import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newToken, parseApiKey } from '../../crypto/api-key.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { createPool } from '../../storage/db/pool.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/**
 * What a revoked key and an ended session have open, while the revocation sends no notification: the process that revokes finds another
 * `pg_notify` first, which does nothing.
 */
let system: TestSystem;
let quiet: Pool;
let stores: ReturnType<typeof apiStores>;

beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_all' }, env: { LETSPING_STATUS_HOLD_MS: '25000' } });
  await system.database.asOwner(`create schema quiet; grant usage on schema quiet to public;
    create function quiet.pg_notify(text, text) returns void language sql as 'select null::void'`);
  const url = new URL(system.database.app_url);
  url.searchParams.set('options', '-c search_path=quiet,pg_catalog,public');
  quiet = createPool(url.href);
  const root = parseRootKey(system.env['LETSPING_ROOT_KEY']!);
  stores = apiStores(quiet, createKeyring(root, storedKeys(quiet)));
});
afterAll(async () => {
  await quiet.end();
  await system.stop();
});

const newKey = async (role: 'agent' | 'approver', owner = `o-${randomBytes(4).toString('hex')}`): Promise<string> =>
  (await system.call(system.admin_api_key, 'POST', '/api/keys', { name: 'n', owner, role })).body.api_key;
const revoke = (key: string) => stores.keys.revokeKey(system.project_id, parseApiKey(key)!.key_id, actor('admin'));

/** Opens an event stream, and resolves with all of its text when it ends. */
async function stream(headers: Record<string, string>): Promise<{ ended: Promise<string> }> {
  const answer = await fetch(`${system.api.url}/api/events`, { headers });
  expect(answer.status).toBe(200);
  return { ended: answer.text() };
}
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
/** The promise is a second; a busy machine gets two more. */
async function soon<T>(of: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('still open after 3 s')), 3_000));
  return Promise.race([of, late]);
}

/** Sends a part of a body, and resolves with the answer. */
function upload(key: string, length: number): { answered: Promise<{ status: number; closed: Promise<void> }> } {
  const sent = request(`${system.api.url}/api/ingest`, {
    method: 'POST',
    headers: { ...bearer(key), 'content-type': 'application/json', 'content-length': length },
  });
  sent.write('{"service":');
  const closed = new Promise<void>((resolve) => sent.once('close', resolve));
  sent.on('error', () => {});
  const answered = new Promise<{ status: number; closed: Promise<void> }>((resolve) =>
    sent.once('response', (res) => {
      res.resume();
      resolve({ status: res.statusCode!, closed });
    }),
  );
  return { answered };
}
const running = () => new Promise((resolve) => setTimeout(resolve, 200));

describe('without a notification, a revocation ends', () => {
  test('an event stream, which says why', async () => {
    const key = await newKey('approver');
    const { ended } = await stream(bearer(key));
    await revoke(key);
    expect(await soon(ended)).toMatch(/\nevent: reset\ndata: \{"reason":"revoked"\}\n\n$/);
    expect((await system.call(key, 'GET', '/api/approval-requests')).status).toBe(401);
  });

  test('a held read, which gets no state', async () => {
    const key = await newKey('agent');
    const { body } = await system.call(key, 'POST', '/api/ingest', {
      service: 's',
      action: 'a',
      payload: { n: 1 },
      priority: 'medium',
    });
    expect((await system.call(key, 'GET', `/api/status/${body.id}`)).body.status).toBe('PENDING');
    const held = system.call(key, 'GET', `/api/status/${body.id}`);
    await running();
    await revoke(key);
    expect((await soon(held)).status).toBe(401);
  });

  test.each([
    ['an upload', 100],
    ['an upload on the thread for large bodies', 100_000],
  ])('%s', async (_, length) => {
    const key = await newKey('agent');
    const { answered } = upload(key, length);
    await running();
    await revoke(key);
    const answer = await soon(answered);
    expect(answer.status).toBe(401);
    await soon(answer.closed);
  });

  test('the stream of a session that the key opened', async () => {
    const key = await newKey('approver');
    const { ended } = await stream((await signedIn(12, key)).headers);
    await revoke(key);
    expect(await soon(ended)).toContain('"reason":"revoked"');
  });
});

async function signedIn(hours: number, key?: string) {
  const { token, token_sha256 } = newToken();
  const key_id = key === undefined ? null : parseApiKey(key)!.key_id;
  const person = { project_id: system.project_id, owner: 'ana', role: 'approver' as const, key_id };
  await stores.identities.startSession(token_sha256, person, hours);
  return { headers: { cookie: `letsping=${token}` }, token_sha256 };
}

test('a sign-out in another process ends the stream of that session, and no other', async () => {
  const [one, other] = [await signedIn(12), await signedIn(12)];
  const [{ ended }, { ended: still }] = [await stream(one.headers), await stream(other.headers)];
  await stores.identities.endSession(one.token_sha256);
  expect(await soon(ended)).toContain('"reason":"revoked"');
  await stores.identities.endSession(other.token_sha256);
  expect(await soon(still)).toContain('"reason":"revoked"');
});

test('a session that expires ends its stream', async () => {
  const { ended } = await stream((await signedIn(1.2 / 3_600)).headers);
  expect(await soon(ended)).toContain('"reason":"revoked"');
});

test('an administrator who revokes the key of the call is answered', async () => {
  const made = await system.call(system.admin_api_key, 'POST', '/api/keys', { name: 'n', owner: 'a2', role: 'admin' });
  expect((await system.call(made.body.api_key, 'DELETE', `/api/keys/${made.body.id}`)).status).toBe(200);
});
