import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { rowMacs } from '../../crypto/row-mac.ts';

const projectKey = randomBytes(32);
const macs = rowMacs('prj_1', projectKey);
const rowKey = Buffer.from(hkdfSync('sha256', projectKey, new Uint8Array(0), 'letsping/v1 rows', 32));
/** As the release before computed it: over this list alone. */
const before = (...list: unknown[]) =>
  Buffer.concat([Uint8Array.of(1), createHmac('sha256', rowKey).update(JSON.stringify(list)).digest().subarray(0, 16)]);

const at = new Date(1_700_000_000_000);
const key = {
  name: 'n',
  owner: 'bot',
  role: 'agent',
  services: ['mail'],
  secret_sha256: Buffer.from('s'),
  created_at: at,
};
const NONE = { context_trust: 'tighten_only', expires_at: null, made_by: null, permissions: null };
const LIMITS: Record<string, unknown>[] = [
  { context_trust: 'full' },
  { expires_at: at },
  { made_by: 'eve' },
  { permissions: [] },
  { permissions: ['approval:read'] },
  { permissions: ['approval:read', 'approval:decide'] },
  { expires_at: at, made_by: 'eve' },
];

describe('the MAC of a key', () => {
  test('of the release before stays valid: what it did not have is no part of it', () => {
    const former = before('api_key', 'prj_1', 'key_1', 'n', 'bot', 'agent', ['mail'], 'cw', 1_700_000_000_000);
    expect(macs.isAuthentic('api_key', 'key_1', { ...key, ...NONE }, former)).toBe(true);
    for (const limit of LIMITS)
      expect(macs.isAuthentic('api_key', 'key_1', { ...key, ...NONE, ...limit }, former)).toBe(false);
  });

  test('is another one for each limit, so that none is removed, added or exchanged', () => {
    const all = [{}, ...LIMITS].map((limit) =>
      macs.macOf('api_key', 'key_1', { ...key, ...NONE, ...limit }).toString('hex'),
    );
    expect(new Set(all).size).toBe(all.length);
    // A limit is bound to its name: a text in one field is not the same text in another.
    const made = macs.macOf('api_key', 'key_1', { ...key, ...NONE, made_by: 'full' });
    expect(macs.isAuthentic('api_key', 'key_1', { ...key, ...NONE, context_trust: 'full' }, made)).toBe(false);
  });

  test('of its revocation has the limits too', () => {
    const revoked = { ...key, ...NONE, revoked_at: at };
    const mac = macs.macOf('api_key_revocation', 'key_1', revoked);
    expect(macs.isAuthentic('api_key_revocation', 'key_1', { ...revoked, context_trust: 'full' }, mac)).toBe(false);
    expect(macs.isAuthentic('api_key_revocation', 'key_1', revoked, mac)).toBe(true);
  });
});

test('the MAC of a decision of the release before stays valid, and says with whose key it was made', () => {
  const decision = { request_id: 'req_1', type: 'approve', actor: 'ana', channel: 'api', payload_digest: 'd' };
  const row = {
    ...decision,
    patched_digest: null,
    sealed: null,
    created_at: at,
    key_made_by: null,
    payload_removed_at: null,
  };
  const former = before(
    'decision',
    'prj_1',
    'dec_1',
    'req_1',
    'approve',
    'ana',
    'api',
    'd',
    null,
    null,
    1_700_000_000_000,
  );
  expect(macs.isAuthentic('decision', 'dec_1', row, former)).toBe(true);
  expect(macs.isAuthentic('decision', 'dec_1', { ...row, key_made_by: 'eve' }, former)).toBe(false);
  expect(macs.isAuthentic('decision', 'dec_1', { ...row, payload_removed_at: at }, former)).toBe(false);
});
