import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../cli/commands/verify.ts';
import { PREDICATE_TYPE, RECEIPT_TYPE, STATEMENT_TYPE, type Statement } from '../../contracts/receipt.ts';
import { createSigner, type IssuerKey, newIssuerKey } from '../../crypto/signing.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { payloadDigest, saltText } from '../../domain/digest.ts';
import { verifyReceipt } from '../../receipts/receipt-checks.ts';
import { run } from './run.ts';

const salt = randomBytes(32);
const asked = { service: 'billing-agent', action: 'refund', payload: { amount_cents: 500 } };
const digest = payloadDigest(salt, asked);

const statement: Statement = {
  _type: STATEMENT_TYPE,
  subject: [{ name: 'request:req_1', digest: { sha256: digest.slice('sha256:'.length) } }],
  predicateType: PREDICATE_TYPE,
  predicate: {
    project: 'prj_1',
    agent: 'dev-agent',
    service: asked.service,
    action: asked.action,
    outcome: 'approved',
    cause: 'person',
    requested: { payload_digest: digest, at: '2026-01-01T10:00:00.000Z' },
    executed: { payload_digest: digest },
    decided: { at: '2026-01-01T10:05:00.000Z', by: ['ana'], channel: 'console', decision_id: 'dec_1' },
    policy: { digest: 'sha256:p', version: 1, verdict: 'hold', findings: ['sql/destructive'] },
    expires: '2026-01-02T10:00:00.000Z',
  },
};

let key: IssuerKey;
let keys: JWK[];
let receipt: string;
let folder: string;
beforeAll(async () => {
  key = await newIssuerKey();
  keys = [key.public_jwk];
  receipt = await (await createSigner(key)).sign(statement);
  folder = mkdtempSync(join(tmpdir(), 'letsping-verify-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** A token that our own key really signed, with whatever header and bytes. */
const signed = async (bytes: Uint8Array, header: Record<string, unknown> = {}) =>
  new CompactSign(bytes)
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: RECEIPT_TYPE, ...header })
    .sign(await importJWK(key.private_jwk, 'EdDSA'));

const withPredicate = (change: Partial<Statement['predicate']>) =>
  canonicalBytes({ ...statement, predicate: { ...statement.predicate, ...change } });

const failedCheck = async (token: string, given = keys) => {
  const { valid, checks, statement: told } = await verifyReceipt(token, given);
  expect({ valid, told }).toEqual({ valid: false, told: undefined });
  return checks.at(-1)!.check;
};

describe('a genuine receipt', () => {
  test('is valid, and says in words who allowed what', async () => {
    const { code, out } = await run(verify, [file('r', `${receipt}\n`), '--keys', file('k', JSON.stringify({ keys }))]);

    expect(code).toBe(0);
    expect(out.match(/^ok /gm)).toHaveLength(6);
    expect(out).toMatch(/dev-agent asked on 2026-01-01T10:00:00.000Z to run billing-agent: refund/);
    expect(out).toMatch(/approved, by ana/);
    expect(out.endsWith('\nvalid\n')).toBe(true);
  });

  test('is valid under the name Ed25519 too', async () => {
    const ed25519 = new CompactSign(canonicalBytes(statement)).setProtectedHeader({
      alg: 'Ed25519',
      kid: key.kid,
      typ: RECEIPT_TYPE,
    });
    const token = await ed25519.sign(await importJWK(key.private_jwk, 'Ed25519'));

    expect(await verifyReceipt(token, keys)).toMatchObject({ valid: true });
  });

  test('is checked against a payload and its salt', async () => {
    const evidence = { payload: asked.payload, salt: saltText(salt) };

    expect((await verifyReceipt(receipt, keys, evidence)).checks.at(-1)).toEqual({
      check: 'payload',
      ok: true,
      detail: 'the payload is the one that may run',
    });
    for (const other of [
      { ...evidence, payload: { amount_cents: 501 } },
      { ...evidence, salt: saltText(randomBytes(32)) },
      { ...evidence, salt: 'short' },
    ]) {
      expect((await verifyReceipt(receipt, keys, other)).checks.at(-1)).toMatchObject({ check: 'payload', ok: false });
    }
  });

  test('in JSON it is one document', async () => {
    const { out } = await run(verify, [file('r', receipt), '--keys', file('k', JSON.stringify({ keys })), '--json']);

    expect(JSON.parse(out)).toMatchObject({ valid: true, statement });
  });
});

describe('a receipt is refused', () => {
  test('when one character of any part is another', async () => {
    for (let at = 0; at < receipt.length; at += 7) {
      const other = receipt[at] === 'A' ? 'B' : 'A';
      expect(
        (await verifyReceipt(receipt.slice(0, at) + other + receipt.slice(at + 1), keys)).valid,
        `character ${at}`,
      ).toBe(false);
    }
  });

  test('when its key is not one of those given, whatever it brings along', async () => {
    const theirs = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const forge = (header: Record<string, unknown>) =>
      new CompactSign(canonicalBytes(statement))
        .setProtectedHeader({ alg: 'EdDSA', typ: RECEIPT_TYPE, ...header })
        .sign(theirs.privateKey);
    const jwk = await exportJWK(theirs.publicKey);

    expect(await failedCheck(await forge({ kid: 'theirs' }))).toBe('key');
    expect(await failedCheck(await forge({ kid: key.kid }))).toBe('signature');
    for (const brought of [
      { jwk },
      { jku: 'https://example.com/jwks' },
      { x5c: ['MII'] },
      { x5u: 'https://example.com/c' },
    ]) {
      expect(await failedCheck(await forge({ kid: key.kid, ...brought }))).toBe('header');
    }
  });

  test('when its header asks for something else', async () => {
    const bytes = canonicalBytes(statement);
    const [, body, signature] = receipt.split('.');
    const header = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');

    expect(await failedCheck(await signed(bytes, { typ: 'JWT' }))).toBe('header');
    expect(await failedCheck(await signed(bytes, { kid: undefined }))).toBe('header');
    for (const alg of ['none', 'HS256', 'ES256', 'eddsa']) {
      expect(await failedCheck(`${header({ alg, kid: key.kid, typ: RECEIPT_TYPE })}.${body}.${signature}`)).toBe(
        'header',
      );
    }
    expect(
      await failedCheck(`${Buffer.from('{"alg":"EdDSA","alg":"EdDSA"}').toString('base64url')}.${body}.${signature}`),
    ).toBe('form');
  });

  test.each(['', 'a.b', 'a.b.c.d', '..', 'not a token'])('when it is no token: %j', async (text) => {
    expect(await failedCheck(text)).toBe('form');
  });

  test('when the key given is no Ed25519 signing key, or not the only one of its name', async () => {
    expect(await failedCheck(receipt, [{ kty: 'oct', k: 'AAAA', kid: key.kid }])).toBe('key');
    expect(await failedCheck(receipt, [{ ...key.public_jwk, use: 'enc' }])).toBe('key');
    expect(await failedCheck(receipt, [...keys, ...keys])).toBe('key');
    expect(await failedCheck(receipt, [])).toBe('key');
  });

  test('when the signed bytes are another spelling of what they say', async () => {
    expect(await failedCheck(await signed(Buffer.from(JSON.stringify(statement, null, 1))))).toBe('canonical');
    expect(await failedCheck(await signed(Buffer.from('{"a":1,"a":1}')))).toBe('canonical');
  });

  test.each<[string, Partial<Statement['predicate']>]>([
    ['approved, but nothing may run', { executed: undefined as never }],
    ['rejected, yet something may run', { outcome: 'rejected' }],
    [
      'something may run that was neither asked for nor patched',
      { requested: { payload_digest: `sha256:${'1'.repeat(64)}`, at: '2026-01-01T10:00:00.000Z' } },
    ],
    [
      'subject and predicate differ',
      { executed: { payload_digest: `sha256:${'1'.repeat(64)}`, patch: `sha256:${'1'.repeat(64)}` } },
    ],
    ['an outcome that does not exist', { outcome: 'granted' as never }],
  ])('when its statement contradicts itself: %s', async (_, change) => {
    expect(await failedCheck(await signed(withPredicate(change)))).toBe('statement');
  });

  test('with exit code 1, a line that says why, and no statement', async () => {
    const { code, out } = await run(verify, [file('r', receipt), '--keys', file('k', '{"keys":[]}')]);

    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {2}key .*no key of --keys has the kid/m);
    expect(out).not.toContain('dev-agent');
  });
});

test.each([
  [[]],
  [['r']],
  [['r', '--keys', '/nowhere']],
  [['-', '--keys', '-']],
  [['r', '--keys', 'k', '--salt', 'x']],
  [['/nowhere', '--keys', 'k']],
])('wrong words are exit code 2: %j', async (args) => {
  file('r', receipt);
  file('k', JSON.stringify({ keys }));
  const inFolder = args.map((arg) => (/^[rk]$/.test(arg) ? join(folder, arg) : arg));

  expect(await run(verify, inFolder)).toMatchObject({ code: 2, out: '' });
});
