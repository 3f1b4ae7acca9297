import { compactVerify, importJWK, type JWK } from 'jose';
import { isObject } from '../contracts/is-object.ts';
import { RECEIPT_TYPE } from '../contracts/receipt.ts';
import { parseGuarded } from '../domain/json/guard.ts';
import { compactJwsParts } from '../domain/receipt/compact-jws.ts';
import { CheckFailed } from './check.ts';

/** Ed25519 under its two names (RFC 8037, RFC 9864). No other algorithm is tried, whatever the receipt names. */
const ALGORITHMS = ['EdDSA', 'Ed25519'];
/** Header members that carry or fetch a key, or that change how the token is read. The attacker writes the header. */
const REFUSED_MEMBERS = ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64'];

export interface CompactJws {
  header: Record<string, unknown>;
  /** The signed bytes, not parsed. */
  body: Uint8Array;
}

/** @throws CheckFailed unless the bytes are the UTF-8 text of one unambiguous JSON object. */
export function jsonObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CheckFailed(`${what} is not UTF-8`);
  }
  const parsed = parseGuarded(text);
  if (!parsed.ok || !isObject(parsed.value)) throw new CheckFailed(`${what} is not a JSON object`);
  return parsed.value;
}

/** @throws CheckFailed */
export function parseCompactJws(token: string): CompactJws {
  let parts: ReturnType<typeof compactJwsParts>;
  try {
    parts = compactJwsParts(token);
  } catch (cause) {
    throw new CheckFailed((cause as Error).message, { cause });
  }
  return { header: jsonObject(parts.header, 'the header'), body: parts.payload };
}

/** @throws CheckFailed */
export function checkHeader(header: Record<string, unknown>): { alg: string; kid: string } {
  const refused = REFUSED_MEMBERS.filter((name) => Object.hasOwn(header, name));
  if (refused.length > 0)
    throw new CheckFailed(`the header may not carry ${refused.join(', ')}: only the given keys are trusted`);
  const { alg, typ, kid } = header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg))
    throw new CheckFailed(`alg is not ${ALGORITHMS.join(' or ')}`);
  if (typ !== RECEIPT_TYPE) throw new CheckFailed(`typ is not ${RECEIPT_TYPE}`);
  if (typeof kid !== 'string' || kid === '') throw new CheckFailed('kid is missing');
  return { alg, kid };
}

/** @throws CheckFailed unless exactly one of the keys has this kid and is an Ed25519 signing key. */
export function keyFor(kid: string, keys: readonly JWK[]): JWK {
  const [key, ...others] = keys.filter((candidate) => candidate.kid === kid);
  if (!key) throw new CheckFailed(`none of the given keys has the kid ${kid}`);
  if (others.length > 0) throw new CheckFailed(`several of the given keys have the kid ${kid}`);
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519' || (key.use ?? 'sig') !== 'sig')
    throw new CheckFailed(`the key ${kid} is not an Ed25519 signing key`);
  return key;
}

/** @throws CheckFailed */
export async function checkSignature(token: string, key: JWK, alg: string): Promise<void> {
  try {
    await compactVerify(token, await importJWK(key, alg), { algorithms: [alg] });
  } catch (cause) {
    throw new CheckFailed('the signature does not verify with this key over these bytes', { cause });
  }
}
