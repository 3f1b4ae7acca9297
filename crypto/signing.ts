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
  const public_jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(public_jwk);
  return {
    kid,
    public_jwk: { ...public_jwk, kid, alg: 'EdDSA', use: 'sig' },
    private_jwk: await exportJWK(privateKey),
  };
}

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
