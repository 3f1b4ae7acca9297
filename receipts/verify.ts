import type { JWK } from 'jose';
import { RECEIPT_TYPE, type Statement } from '../contracts/receipt.ts';
import { type Check, CheckFailed, type CheckName } from './check.ts';
import { checkHeader, checkSignature, keyFor, parseCompactJws } from './compact-jws.ts';
import { type KeyRevocation, revocationOf, revocationSentence } from './key-revocation.ts';
import { checkCanonical, checkPayload, checkStatement, type RevealedPayload } from './statement-checks.ts';

/** `checks` are in the order of `CHECKS`; the first that fails is the last one made. */
export type Verification =
  | { valid: true; checks: Check[]; statement: Statement }
  /** Without a statement: the content of an unverified receipt proves nothing. */
  | {
      valid: false;
      checks: Check[];
      /** Set when every other check passed, and the key set says that the signing key is revoked: somebody else may have made it. */
      revoked?: KeyRevocation;
    };

/**
 * Verifies a receipt offline: its form, its signature by one of `keys`, its content, and, with `revealed`, that it is about
 * that payload. Never throws: a receipt that cannot be read is not valid. Nor is one under a revoked key, whatever time it states.
 *
 * `keys` are the issuer's public keys (JWK, Ed25519). Get them once from `<server>/.well-known/jwks.json` over a connection
 * that you trust. Keys that the receipt itself brings are refused, because the attacker may have written it.
 *
 * @example
 * const verification = await verifyReceipt(receipt, jwks.keys, { payload, salt: digest_salt });
 * if (verification.valid) console.log(verification.statement.predicate.outcome);
 * else console.error(verification.checks.at(-1));
 */
export async function verifyReceipt(
  receipt: string,
  keys: readonly JWK[],
  revealed?: RevealedPayload,
): Promise<Verification> {
  const checks: Check[] = [];
  let current: CheckName = 'form';
  const begin = (check: CheckName) => {
    current = check;
    return (detail: string) => checks.push({ check, ok: true, detail });
  };
  try {
    let passed = begin('form');
    const { header, body } = parseCompactJws(receipt);
    passed('a compact JWS');

    passed = begin('header');
    const { alg, kid } = checkHeader(header);
    passed(`alg ${alg}, typ ${RECEIPT_TYPE}, no key in the header`);

    passed = begin('key');
    const key = keyFor(kid, keys);
    passed(`${kid} is one of the given keys`);

    passed = begin('signature');
    await checkSignature(receipt, key, alg);
    passed('made by this key over exactly these bytes');

    passed = begin('canonical');
    const content = checkCanonical(body);
    passed('RFC 8785 bytes');

    passed = begin('statement');
    const statement = checkStatement(content);
    passed('an in-toto statement without contradictions');

    if (revealed) {
      passed = begin('payload');
      passed(checkPayload(statement, revealed));
    }
    const revoked = revocationOf(key);
    if (!revoked) return { valid: true, checks, statement };
    checks.push({ check: 'revocation', ok: false, detail: revocationSentence(kid, revoked) });
    return { valid: false, checks, revoked };
  } catch (error) {
    const detail = error instanceof CheckFailed ? error.message : 'it cannot be read';
    return { valid: false, checks: [...checks, { check: current, ok: false, detail }] };
  }
}
