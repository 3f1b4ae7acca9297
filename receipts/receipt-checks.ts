import { base64url, compactVerify, importJWK, type JWK } from 'jose';
import { RECEIPT_TYPE, Statement } from '../contracts/receipt.ts';
import { canonicalBytes } from '../domain/canonical-json.ts';
import { payloadDigest, saltBytes } from '../domain/digest.ts';
import { parseGuarded } from '../domain/json/guard.ts';

/** Ed25519 under its two names (RFC 8037, RFC 9864). Nothing else is ever tried, whatever the token asks for. */
const ALGORITHMS = ['EdDSA', 'Ed25519'];
/** Header members that bring or fetch a key, or change what has to be understood. A token does not say whom to trust. */
const REFUSED_MEMBERS = ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64'];

export const CHECKS = ['form', 'header', 'key', 'signature', 'canonical', 'statement', 'payload'] as const;
export type CheckName = (typeof CHECKS)[number];
export interface Check {
  check: CheckName;
  ok: boolean;
  detail: string;
}

export interface Verification {
  valid: boolean;
  /** In order; the first that fails ends it. */
  checks: Check[];
  /** There only when it is valid: what an unverified token says is nobody's statement. */
  statement?: Statement;
}

export interface Evidence {
  payload: Record<string, unknown>;
  salt: string;
}

class Failed extends Error {}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function jsonObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failed(`${what} is not UTF-8`);
  }
  const parsed = parseGuarded(text);
  if (!parsed.ok || !isObject(parsed.value)) throw new Failed(`${what} is no JSON object`);
  return parsed.value;
}

/** Strictly: one spelling per token, so that two texts are never the same receipt. */
function decoded(part: string, what: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw new Failed(`${what} is not base64url`);
  const bytes = base64url.decode(part);
  if (base64url.encode(bytes) !== part) throw new Failed(`${what} is not the base64url of its bytes`);
  return bytes;
}

function checkHeader(header: Record<string, unknown>): string {
  const refused = REFUSED_MEMBERS.filter((name) => Object.hasOwn(header, name));
  if (refused.length > 0)
    throw new Failed(`the token may not carry ${refused.join(', ')}: keys come from --keys alone`);
  const { alg, typ, kid } = header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) throw new Failed(`alg is not ${ALGORITHMS.join(' or ')}`);
  if (typ !== RECEIPT_TYPE) throw new Failed(`typ is not ${RECEIPT_TYPE}`);
  if (typeof kid !== 'string' || kid === '') throw new Failed('kid is missing');
  return kid;
}

function keyFor(kid: string, keys: JWK[]): JWK {
  const found = keys.filter((key) => key.kid === kid);
  if (found.length === 0) throw new Failed(`no key of --keys has the kid ${kid}`);
  if (found.length > 1) throw new Failed(`several keys of --keys have the kid ${kid}`);
  const [key] = found;
  if (key!.kty !== 'OKP' || key!.crv !== 'Ed25519' || (key!.use ?? 'sig') !== 'sig')
    throw new Failed(`the key ${kid} is no Ed25519 signing key`);
  return key!;
}

const sha256Of = (digest: string) => digest.slice('sha256:'.length);

/** Beyond its shape: its members must not contradict one another. */
function checkStatement(body: Record<string, unknown>): Statement {
  const parsed = Statement.safeParse(body);
  if (!parsed.success) throw new Failed(`the statement has no valid /${parsed.error.issues[0]!.path.join('/')}`);
  const { subject, predicate } = parsed.data;
  const { outcome, requested, executed } = predicate;
  if ((outcome === 'approved') !== (executed !== undefined))
    throw new Failed('what may run and the outcome contradict each other');
  if (subject[0].digest.sha256 !== sha256Of((executed ?? requested).payload_digest))
    throw new Failed('subject and predicate name different digests');
  if (executed && (executed.patch ?? requested.payload_digest) !== executed.payload_digest)
    throw new Failed('what may run is neither what was asked for nor the patch');
  return parsed.data;
}

function checkPayload({ predicate }: Statement, { payload, salt }: Evidence): string {
  const { service, action, requested, executed } = predicate;
  let digest: string;
  try {
    digest = payloadDigest(saltBytes(salt), { service, action, payload });
  } catch (error) {
    throw new Failed((error as Error).message);
  }
  if (digest === executed?.payload_digest) return 'the payload is the one that may run';
  if (digest === requested.payload_digest) return 'the payload is the one that was asked for; it is not what may run';
  throw new Failed('the payload with this salt is not the one that the statement names');
}

/** Verifies a receipt offline, with keys that came another way than the receipt. Never throws. */
export async function verifyReceipt(token: string, keys: JWK[], evidence?: Evidence): Promise<Verification> {
  const checks: Check[] = [];
  let current: CheckName = 'form';
  const step = (check: CheckName) => {
    current = check;
    return (detail: string) => checks.push({ check, ok: true, detail });
  };
  try {
    let passed = step('form');
    const parts = token.split('.');
    if (parts.length !== 3) throw new Failed('it is no compact JWS of three parts');
    const [head, body] = [decoded(parts[0]!, 'the header'), decoded(parts[1]!, 'the payload')];
    decoded(parts[2]!, 'the signature');
    const header = jsonObject(head, 'the header');
    passed('a compact JWS');

    passed = step('header');
    const kid = checkHeader(header);
    passed(`alg ${String(header['alg'])}, typ ${RECEIPT_TYPE}, no key of its own`);

    passed = step('key');
    const jwk = keyFor(kid, keys);
    passed(`${kid} is one of the given keys`);

    passed = step('signature');
    const alg = String(header['alg']);
    await compactVerify(token, await importJWK(jwk, alg), { algorithms: [alg] }).catch((error: unknown) => {
      throw new Failed('the signature is not that of this key over these bytes', { cause: error });
    });
    passed('made by this key over exactly these bytes');

    passed = step('canonical');
    const content = jsonObject(body, 'the payload');
    if (Buffer.compare(canonicalBytes(content), body) !== 0)
      throw new Failed('the signed bytes are not the RFC 8785 form of what they say');
    passed('RFC 8785 bytes');

    passed = step('statement');
    const statement = checkStatement(content);
    passed('in-toto statement, consistent in itself');

    if (evidence) {
      passed = step('payload');
      passed(checkPayload(statement, evidence));
    }
    return { valid: true, checks, statement };
  } catch (error) {
    const detail = error instanceof Failed ? error.message : 'it cannot be read';
    return { valid: false, checks: [...checks, { check: current, ok: false, detail }] };
  }
}
