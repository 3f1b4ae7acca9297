import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { newIssuerKey } from '../../crypto/signing.ts';
import { acrossProjects } from '../../storage/db/transaction.ts';
import { currentIssuerKey, publishedKeys } from '../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase } from '../helpers/database.ts';

test('a key that an attacker wrote into the database is not published, not even in the place of ours', async () => {
  const db = await createDatabase();
  try {
    const keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), {
      project: async () => undefined,
      issuers: async () => [],
    });
    const { kid, public_jwk } = await currentIssuerKey(db.pool, keyring);
    const theirs = await newIssuerKey();
    const root = parseRootKey(randomBytes(32).toString('base64'));
    const foreign = await createKeyring(root, { project: async () => undefined, issuers: async () => [] }).sealGlobal(
      ['issuer key', theirs.kid],
      theirs.private_jwk,
    );
    const insert = `insert into issuer_keys (kid, public_jwk, sealed, created_at) select $1, $2, coalesce($3, sealed), now() - interval '1 day'
        from issuer_keys where kid = $4`;
    await db.asOwner(insert, [theirs.kid, JSON.stringify(theirs.public_jwk), foreign, kid]);
    await db.asOwner(insert, [`${theirs.kid}x`, JSON.stringify(theirs.public_jwk), null, kid]); // what we sealed, under another name
    await db.asOwner('update issuer_keys set public_jwk = $2 where kid = $1', [kid, JSON.stringify(theirs.public_jwk)]);
    const reported: string[] = [];
    expect(await publishedKeys(db.pool, keyring, (each) => reported.push(each))).toEqual([public_jwk]);
    expect(reported.sort()).toEqual([theirs.kid, `${theirs.kid}x`].sort());
    expect((await currentIssuerKey(db.pool, keyring)).public_jwk).toEqual(public_jwk);
    expect(Object.keys(public_jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  } finally {
    await db.drop();
  }
});

test('signing keys are read while every connection of the pool is in a transaction', async () => {
  const db = await createDatabase();
  try {
    const stored = storedKeys(db.pool);
    const { max } = db.pool.options;
    const reading = Array.from({ length: max }, () => acrossProjects(db.pool, () => stored.issuers()));
    expect(await Promise.all(reading)).toHaveLength(max);
  } finally {
    await db.drop();
  }
});
