import { CompactSign, compactVerify, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { RECEIPT_TYPE, type Statement } from '../../contracts/receipt.ts';
import { createSigner, newIssuerKey } from '../../crypto/signing.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';

test('a receipt is byte for byte what jose signs, and jose accepts it', async () => {
  const key = await newIssuerKey();
  const statement = { _type: 'x', b: [1, 'ü'], a: { z: null, y: true } } as unknown as Statement;
  const signed = await (await createSigner(key)).sign(statement);
  const theirs = new CompactSign(canonicalBytes(statement)).setProtectedHeader({
    alg: 'EdDSA',
    kid: key.kid,
    typ: RECEIPT_TYPE,
  });
  expect(signed).toBe(await theirs.sign(await importJWK(key.private_jwk, 'EdDSA')));
  expect((await compactVerify(signed, await importJWK(key.public_jwk, 'EdDSA'))).payload).toEqual(
    canonicalBytes(statement),
  );
});
