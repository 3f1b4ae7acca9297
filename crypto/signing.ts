import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { RECEIPT_TYPE, type Statement } from '../contracts/receipt.ts';
import { canonicalBytes } from '../domain/canonical-json.ts';

/** The issuer's key pair. The private part is stored only sealed. */
export interface IssuerKey {
  kid: string;
  public_jwk: JWK;
  private_jwk: JWK;
}

/** Signs statements. One per process, created from the newest issuer key. */
export interface Signer {
  readonly kid: string;
  sign(statement: Statement): Promise<string>;
}

/** Creates an Ed25519 key pair; `kid` is its RFC 7638 thumbprint. */
export async function newIssuerKey(): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  const private_jwk = await exportJWK(privateKey);
  return { kid, public_jwk: publicPart(kid, private_jwk), private_jwk };
}

/** The public part of a private key, as it is published. */
export const publicPart = (kid: string, { kty, crv, x }: JWK): JWK =>
  ({ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' }) as JWK;

/**
 * Signs a compact JWS (RFC 7515, RFC 8037) over the RFC 8785 bytes of the statement. Ed25519 is deterministic. Synchronous, 50 µs:
 * passing it to another thread costs more, and a row is locked meanwhile.
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

export const publicKeyOf = (private_jwk: JWK): KeyObject =>
  createPublicKey({ key: { ...publicPart('', private_jwk) }, format: 'jwk' });

/** `kid` of a receipt; undefined for anything else. */
export function kidOf(receipt: string): string | undefined {
  try {
    const header = JSON.parse(Buffer.from(receipt.split('.', 1)[0] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    return header['typ'] === RECEIPT_TYPE && header['alg'] === 'EdDSA' && typeof header['kid'] === 'string'
      ? header['kid']
      : undefined;
  } catch {
    return undefined;
  }
}

/** The signed bytes of a receipt; undefined unless this key signed them. 150 µs. */
export function signedBytes(receipt: string, key: KeyObject): Buffer | undefined {
  const [header = '', payload = '', signature = '', ...rest] = receipt.split('.');
  if (rest.length > 0) return undefined;
  const isSigned = verifyBytes(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  return isSigned ? Buffer.from(payload, 'base64url') : undefined;
}
