import type { DecisionAnswer } from '../contracts/decision.ts';
import type { ErrorCode } from '../contracts/error-codes.ts';
import type { Permit } from '../contracts/permit.ts';
import type { Finding } from '../contracts/verdict.ts';

/** The details of a refusal. The caller sees them, so they never contain a payload, a key or a stack. */
export interface ErrorDetails {
  errors?: { pointer: string; detail: string }[];
  findings?: Finding[];
  standing?: Pick<DecisionAnswer, 'outcome' | 'decided_at' | 'payload_digest'> & Partial<DecisionAnswer>;
  permit?: Permit;
  /** Seconds. */
  retry_after?: number;
}

/** A refusal the caller can act on. Anything else that is thrown is a bug, and the API answers 500. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
