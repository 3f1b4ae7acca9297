import { randomBytes } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { RECEIPT_TYPE, type Statement } from '../../contracts/receipt.ts';
import type { IssuerKey } from '../../crypto/signing.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { saltText } from '../../domain/digest.ts';
import { verifyReceipt } from '../../receipts/index.ts';
import { type SampleReceipt, sampleReceipt } from './sample.ts';

let key: IssuerKey;
let keys: JWK[];
let statement: Statement;
let receipt: string;
let sample: SampleReceipt;
beforeAll(async () => {
  sample = await sampleReceipt();
  ({ key, statement, receipt } = sample);
  keys = [key.public_jwk];
});

/** A token that the sample's key has signed, over any header and bytes. */
const signed = async (bytes: Uint8Array, header: Record<string, unknown> = {}) =>
  new CompactSign(bytes)
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: RECEIPT_TYPE, ...header })
    .sign(await importJWK(key.private_jwk, 'EdDSA'));

const withPredicate = (change: Partial<Statement['predicate']>) =>
  canonicalBytes({ ...statement, predicate: { ...statement.predicate, ...change } });

const failedCheck = async (token: string, given = keys) => {
  const verification = await verifyReceipt(token, given);
  expect(verification.valid).toBe(false);
  expect(verification).not.toHaveProperty('statement');
  return verification.checks.at(-1)!.check;
};

describe('a genuine receipt', () => {
  test('is valid, with every check passed', async () => {
    const verification = await verifyReceipt(receipt, keys);

    expect(verification).toMatchObject({ valid: true, statement });
    expect(verification.checks.map(({ ok }) => ok)).toEqual(Array(6).fill(true));
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

  test('is compared with a revealed payload and its salt', async () => {
    const revealed = { payload: sample.requested.payload, salt: saltText(sample.salt) };

    expect((await verifyReceipt(receipt, keys, revealed)).checks.at(-1)).toEqual({
      check: 'payload',
      ok: true,
      detail: 'the payload is the one that may run',
    });
    for (const other of [
      { ...revealed, payload: { amount_cents: 501 } },
      { ...revealed, salt: saltText(randomBytes(32)) },
      { ...revealed, salt: 'short' },
    ]) {
      expect((await verifyReceipt(receipt, keys, other)).checks.at(-1)).toMatchObject({ check: 'payload', ok: false });
    }
  });

  test('of a patched request accepts the requested payload, and says that it may not run', async () => {
    const patch = `sha256:${'1'.repeat(64)}`;
    const executed = { payload_digest: patch, patch };
    const subject: Statement['subject'] = [{ name: 'request:req_1', digest: { sha256: '1'.repeat(64) } }];
    const patched = { ...statement, subject, predicate: { ...statement.predicate, executed } };
    const revealed = { payload: sample.requested.payload, salt: saltText(sample.salt) };

    expect((await verifyReceipt(await signed(canonicalBytes(patched)), keys, revealed)).checks.at(-1)).toEqual({
      check: 'payload',
      ok: true,
      detail: 'the payload is the requested one, and not the one that may run',
    });
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

  test('when it is signed by another key, also by one that its header carries', async () => {
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

  test('when the key set says that its key is revoked, however it says so', async () => {
    const revokedKeys = (revoked: unknown) => [{ ...keys[0], revoked } as unknown as (typeof keys)[0]];
    for (const [revoked, found] of [
      [
        { revoked_at: 1_767_225_600, reason: 'compromised' },
        { revoked_at: '2026-01-01T00:00:00.000Z', reason: 'compromised' },
      ],
      [{ revoked_at: 'soon' }, {}],
      [true, {}],
      [null, {}],
    ] as const)
      expect(await verifyReceipt(receipt, revokedKeys(revoked))).toMatchObject({ valid: false, revoked: found });
    const broken = await verifyReceipt(`${receipt.slice(0, -4)}AAAA`, revokedKeys(true));
    expect(broken).not.toHaveProperty('revoked'); // not one that the key signed
  });

  test('when its header names another type or algorithm', async () => {
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

  test.each(['', 'a.b', 'a.b.c.d', '..', 'not a token'])('when it is not a token: %j', async (text) => {
    expect(await failedCheck(text)).toBe('form');
  });

  test('when a part has another spelling, which a lenient decoder would accept', async () => {
    const [header, body, signature] = receipt.split('.') as [string, string, string];
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(signature.at(-1)!);
    const unused = `${signature.slice(0, -1)}${'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last + 1]}`;
    expect(Buffer.from(unused, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
    for (const other of [
      unused,
      `${signature}==`,
      `${signature}\n`,
      ` ${signature}`,
      `${signature.slice(0, 4)}*${signature.slice(4)}`,
    ])
      expect(await failedCheck(`${header}.${body}.${other}`)).toBe('form');
    expect(await failedCheck(`${header}.${'A'.repeat(1024 * 1024)}.${signature}`)).toBe('form');
  });

  test('when the given key is not an Ed25519 signing key, or not the only one with its kid', async () => {
    expect(await failedCheck(receipt, [{ kty: 'oct', k: 'AAAA', kid: key.kid }])).toBe('key');
    expect(await failedCheck(receipt, [{ ...key.public_jwk, use: 'enc' }])).toBe('key');
    expect(await failedCheck(receipt, [...keys, ...keys])).toBe('key');
    expect(await failedCheck(receipt, [])).toBe('key');
  });

  test('when the signed bytes are not canonical JSON', async () => {
    expect(await failedCheck(await signed(Buffer.from(JSON.stringify(statement, null, 1))))).toBe('canonical');
    expect(await failedCheck(await signed(Buffer.from('{"a":1,"a":1}')))).toBe('canonical');
  });

  test.each<[string, Partial<Statement['predicate']>]>([
    ['approved, but nothing may run', { executed: undefined as never }],
    ['rejected, but something may run', { outcome: 'rejected' }],
    [
      'the payload that may run was neither requested nor patched',
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
});
