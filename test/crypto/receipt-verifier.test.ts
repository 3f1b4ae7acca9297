import { expect, test } from 'vitest';
import type { Statement } from '../../contracts/receipt.ts';
import { createReceiptVerifier, type VerifyingKey } from '../../crypto/receipt-verifier.ts';
import { createSigner, newIssuerKey, publicKeyOf } from '../../crypto/signing.ts';

const statement = { predicate: { outcome: 'approved' } } as unknown as Statement;
const issuer = await newIssuerKey();
const receipt = await (await createSigner(issuer)).sign(statement);
const keys = new Map<string, VerifyingKey>([[issuer.kid, { key: publicKeyOf(issuer.private_jwk) }]]);

test('concurrent first receipts wait for one load of the keys', async () => {
  let loads = 0;
  const verify = createReceiptVerifier(async () => {
    loads += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return keys;
  });
  const found = await Promise.all(Array.from({ length: 50 }, () => verify(receipt)));
  expect(found.every((one) => one?.bytes.toString() === '{"predicate":{"outcome":"approved"}}')).toBe(true);
  expect(loads).toBe(1);
});

test('a key that was written during the load is found, and a failed load is repeated', async () => {
  const answers = [() => new Map<string, VerifyingKey>(), () => keys];
  const verify = createReceiptVerifier(async () => answers.shift()!());
  expect(await verify(receipt)).toBeDefined();

  const results = [() => Promise.reject(new Error('the database is away')), () => Promise.resolve(keys)];
  const again = createReceiptVerifier(() => results.shift()!());
  await expect(again(receipt)).rejects.toThrow('away');
  expect(await again(receipt)).toBeDefined();
});

test('a receipt of another key, a changed one and any other text are refused', async () => {
  const verify = createReceiptVerifier(async () => keys);
  const foreign = await (await createSigner(await newIssuerKey())).sign(statement);
  const [header, , signature] = receipt.split('.');
  const changed = `${header}.${Buffer.from('{"predicate":{"outcome":"rejected"}}').toString('base64url')}.${signature}`;
  for (const text of [foreign, changed, `${receipt}.`, 'a.b.c', '', '{}']) expect(await verify(text)).toBeUndefined();
});
