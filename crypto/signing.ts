import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { RECEIPT_TYPE, type Statement } from '../contracts/receipt.ts';
import { canonicalBytes } from '../domain/canonical-json.ts';

/** The issuer's key pair as it is kept: the private part only inside a sealed object. */
export interface IssuerKey {
  kid: string;
  public_jwk: JWK;
  private_jwk: JWK;
}

/** Signs statements. One per process, made from the newest issuer key. */
export interface Signer {
  readonly kid: string;
  sign(statement: Statement): Promise<string>;
}

/** A new Ed25519 key pair; `kid` is its RFC 7638 thumbprint. */
export async function newIssuerKey(): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  const private_jwk = await exportJWK(privateKey);
  return { kid, public_jwk: publicPart(kid, private_jwk), private_jwk };
}

/** What is published of a private key. */
export const publicPart = (kid: string, { kty, crv, x }: JWK): JWK =>
  ({ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }) as JWK;

/**
 * Compact JWS (RFC 7515, RFC 8037) over the RFC 8785 bytes of the statement. Ed25519 signs the same bytes the same way. On the
 * spot, 50 µs: as a job for another thread it would be dearer, and a row is locked meanwhile.
 */
export async function createSigner({ kid, private_jwk }: IssuerKey): Promise<Signer> {
  const key = createPrivateKey({ key: { ...private_jwk }, format: 'jwk' });
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid, typ: RECEIPT_TYPE })).toString('base64url');
  return {
    kid,
    sign: async (statement) => {
      const { buffer, byteOffset, length } = canonicalBytes(statement);
      const signed = `${header}.${Buffer.from(buffer, byteOffset, length).toString('base64url')}`;
      return `${signed}.${signBytes(null, Buffer.from(signed), key).toString('base64url')}`;
    },
  };
}
