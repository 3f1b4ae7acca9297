import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import type { JWK } from 'jose';
import { RECEIPT_TYPE, type Statement } from '../contracts/receipt.ts';
import { canonicalBytes } from '../domain/canonical-json.ts';

/** The issuer's key pair. The private part is stored only sealed. */
export interface IssuerKey {
  kid: string;
  public_jwk: JWK;
  private_jwk: JWK;
}

/** A signing key that somebody else may have. */
export interface Revocation {
  /** ISO 8601. */
  at: string;
  reason: string;
}

/** Signs statements. */
export interface Signer {
  readonly kid: string;
  sign(statement: Statement): Promise<string>;
}

/** Creates an Ed25519 key pair; `kid` is its RFC 7638 thumbprint. */
export async function newIssuerKey(): Promise<IssuerKey> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await import('jose'); // no process needs it at each start
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  const private_jwk = await exportJWK(privateKey);
  return { kid, public_jwk: publicPart(kid, private_jwk), private_jwk };
}

/** The public part of a private key, as it is published. `revoked` as in OpenID Federation 1.0, 8.7.3: seconds, and a reason. */
export const publicPart = (kid: string, { kty, crv, x }: JWK, revoked?: Revocation): JWK =>
  ({
    ...{ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' },
    ...(revoked && { revoked: { revoked_at: Math.floor(Date.parse(revoked.at) / 1_000), reason: revoked.reason } }),
  }) as JWK;

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

const REREAD_MS = 5_000;

/**
 * Signs with the key that `current` returns, which is asked again when it was asked five seconds ago: a key that was retired signs no
 * longer, in processes that run too. If it cannot be asked, nothing is signed.
 */
export async function createCurrentSigner(current: () => Promise<IssuerKey>): Promise<Signer> {
  let signer = await createSigner(await current());
  let read_at = performance.now();
  let reading: Promise<void> | undefined;
  const reread = async () => {
    const asked_at = performance.now();
    const key = await current();
    if (key.kid !== signer.kid) signer = await createSigner(key);
    read_at = asked_at;
  };
  return {
    get kid() {
      return signer.kid;
    },
    async sign(statement) {
      if (performance.now() - read_at > REREAD_MS) {
        reading ??= reread().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return signer.sign(statement);
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
