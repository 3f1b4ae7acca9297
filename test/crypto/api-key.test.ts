import crypto from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createAuthenticate } from '../../api/middleware/authenticate.ts';
import { startState } from '../../api/request-state.ts';
import { newApiKey, newToken, parseApiKey, sameSecret, tokenHash } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';

test('a key is looked up by its public id, and its secret is compared as a digest, in constant time', async () => {
  const id = newId('key');
  const { api_key, secret_sha256 } = newApiKey(id, 'test');
  const asked: string[] = [];
  const stored = { id, project_id: 'prj', owner: 'o', role: 'agent', services: null, expires_at: null, secret_sha256 };
  const identities = {
    key: async (named: string) => {
      asked.push(named);
      return stored;
    },
  };
  const anything = new Proxy({}, { get: () => () => undefined });
  const limits = { signIns: anything, requests: () => {} } as never;
  const authenticate = createAuthenticate(identities as never, () => 'http://127.0.0.1', limits);
  const call = (key: string) => {
    const res = {} as ServerResponse;
    startState(res, newId('req'));
    return authenticate({ headers: { authorization: `Bearer ${key}` } } as never, res);
  };
  const compared = vi.spyOn(crypto, 'timingSafeEqual');
  syncBuiltinESMExports(); // also for modules that import the function by name
  onTestFinished(() => {
    compared.mockRestore();
    syncBuiltinESMExports();
  });
  expect((await call(api_key)).principal.key_id).toBe(id);
  const other = newApiKey(id, 'test').api_key; // the same id, another secret
  await expect(call(other)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(asked).toEqual([id, id]);
  expect(compared.mock.calls).toEqual([
    [secret_sha256, parseApiKey(api_key)!.secret_sha256],
    [secret_sha256, parseApiKey(other)!.secret_sha256],
  ]);
});

test('what is stored and compared is a digest of a random secret', () => {
  const { token, token_sha256 } = newToken();
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(tokenHash(token)).toEqual(token_sha256);
  expect(sameSecret(token_sha256, tokenHash(token))).toBe(true);
  expect(sameSecret(token_sha256, token_sha256.subarray(1))).toBe(false);
  expect(newToken().token).not.toBe(token);
});
