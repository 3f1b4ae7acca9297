import { Statement } from '../contracts/receipt.ts';
import { canonicalBytes } from '../domain/canonical-json.ts';
import { payloadDigest, saltBytes } from '../domain/digest.ts';
import { pointerOf } from '../domain/json/pointer.ts';
import { CheckFailed } from './check.ts';
import { jsonObject } from './compact-jws.ts';

/** A payload and the salt of its digest, as the API or the console shows them to those who may read the payload. */
export interface RevealedPayload {
  payload: Record<string, unknown>;
  /** `digest_salt`: base64url of 32 bytes. */
  salt: string;
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** @throws CheckFailed unless the bytes are the RFC 8785 form of the object that they encode. */
export function checkCanonical(body: Uint8Array): Record<string, unknown> {
  const content = jsonObject(body, 'the payload');
  if (!sameBytes(canonicalBytes(content), body))
    throw new CheckFailed('the signed bytes are not the RFC 8785 form of their content');
  return content;
}

const hexOf = (digest: string) => digest.slice('sha256:'.length);

/** Checks the shape, and that no member contradicts another. @throws CheckFailed */
export function checkStatement(content: Record<string, unknown>): Statement {
  const parsed = Statement.safeParse(content);
  if (!parsed.success) throw new CheckFailed(`the statement has no valid ${pointerOf(parsed.error.issues[0]!.path)}`);
  const { subject, predicate } = parsed.data;
  const { outcome, requested, executed } = predicate;
  if ((outcome === 'approved') !== (executed !== undefined))
    throw new CheckFailed('an approved statement has `executed`, any other has not');
  if (subject[0].digest.sha256 !== hexOf((executed ?? requested).payload_digest))
    throw new CheckFailed('subject and predicate name different digests');
  if (executed && (executed.patch ?? requested.payload_digest) !== executed.payload_digest)
    throw new CheckFailed('the payload that may run is neither the requested one nor the patch');
  return parsed.data;
}

/** Compares the payload with the digests of the statement. @throws CheckFailed when it has neither of them. */
export function checkPayload({ predicate }: Statement, { payload, salt }: RevealedPayload): string {
  const { service, action, requested, executed } = predicate;
  let digest: string;
  try {
    digest = payloadDigest(saltBytes(salt), { service, action, payload });
  } catch (cause) {
    throw new CheckFailed((cause as Error).message, { cause });
  }
  if (digest === executed?.payload_digest) return 'the payload is the one that may run';
  if (digest === requested.payload_digest) return 'the payload is the requested one, and not the one that may run';
  throw new CheckFailed('the payload with this salt does not have the digest of the statement');
}
