import { sha256 } from '@noble/hashes/sha2.js';
import { base64urlnopad, hex } from '@scure/base';
import type { JsonObject } from '../contracts/json.ts';
import type { Claim, ClaimEnd } from '../contracts/permit.ts';
import { approvedPayload, type Decision } from './decision.ts';
import { ApprovalRejectedError, ExecutionReportError, LetsPingError, NotRun } from './errors.ts';

/** A claim that this process holds: nobody else acts under this approval until it ends. */
export interface HeldClaim {
  request_id: string;
  /** 1 for the first claim of the request. */
  attempt: number;
  /** Says how the claim ended; retried with its token while the server is unreachable. @throws LetsPingError */
  end(ended: ClaimEnd): Promise<void>;
}

/** Random text that names one attempt to act: the server gives the claim to it, and no other process knows it. */
export const newClaimToken = (): string => base64urlnopad.encode(crypto.getRandomValues(new Uint8Array(32)));

/** Whether the claim in an answer is that of this token: a repeated answer may be about another process. */
export const isOwnClaim = (claim: Claim | null | undefined, token: string): claim is Claim =>
  typeof claim?.token_sha256 === 'string' && claim.token_sha256 === hex.encode(sha256(new TextEncoder().encode(token)));

/**
 * Runs the effect of an approved decision under a claim, and reports how it ended. An effect that throws `NotRun` did not act; after any
 * other error nobody knows whether it did. `held`: the claim, or what makes it.
 * @throws ApprovalRejectedError, ExecutionReportError, and the errors of `effect` and of the claim.
 */
export async function runClaimed<T>(
  effect: (payload: JsonObject, decision: Decision) => Promise<T> | T,
  decision: Decision,
  held: HeldClaim | (() => Promise<HeldClaim>),
): Promise<T> {
  const payload = approvedPayload(decision);
  if (!payload) throw new ApprovalRejectedError(decision.metadata.reason ?? 'no reason given', decision.request_id);
  const claim = typeof held === 'function' ? await held() : held;
  let result: T;
  try {
    result = await effect(payload, decision);
  } catch (error) {
    // A lost report leaves the result unknown, which is what the server says of a silent claimant too.
    await claim.end(error instanceof NotRun ? 'not_run' : 'failed').catch(() => {});
    throw error;
  }
  try {
    await claim.end('done');
  } catch (error) {
    throw error instanceof LetsPingError ? new ExecutionReportError(result, claim.request_id, error) : error;
  }
  return result;
}
