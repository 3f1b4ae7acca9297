import type { Problem } from '../contracts/problem.ts';

/** Codes that only this side of the wire can raise. The others come from the HTTP status: `codeOf`. */
export type LocalCode =
  /** The key or the server's address is missing or malformed. */
  | 'LETSPING_CONFIG'
  /** What was passed in cannot be sent: not JSON, or a schema that is none. */
  | 'LETSPING_INVALID_ARGUMENT'
  /** No answer at all: the server is away, or the connection broke. */
  | 'LETSPING_NETWORK'
  /** The wait ended before the decision did. The request itself goes on until its own deadline. */
  | 'LETSPING_TIMEOUT'
  /** An answer that this protocol does not have: most often the address is not that of the API. */
  | 'LETSPING_BAD_ANSWER'
  /** Asked for a decision that is not made yet. */
  | 'LETSPING_PENDING'
  /** What would run is not what was approved. Nothing may run. */
  | 'LETSPING_DIGEST_MISMATCH';

const CODES: Record<number, string> = {
  401: 'LETSPING_401_AUTH',
  402: 'LETSPING_402_QUOTA',
  403: 'LETSPING_403_FORBIDDEN',
  404: 'LETSPING_404_NOT_FOUND',
  408: 'LETSPING_TIMEOUT',
  429: 'LETSPING_429_RATE_LIMIT',
};

/** The published name of an HTTP status. */
export const codeOf = (status: number): string =>
  CODES[status] ?? (status >= 500 ? 'LETSPING_NETWORK' : `LETSPING_${status}`);

export interface LetsPingErrorDetails {
  status?: number | undefined;
  problem?: Partial<Problem> | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

/**
 * Whatever goes wrong in the client. Branch on `code` (`LETSPING_401_AUTH`, `LETSPING_TIMEOUT`, …); `problemCode` is the
 * server's own finer word for it (`not_pending`, `executed_already`, …).
 */
export class LetsPingError extends Error {
  override readonly name: string = 'LetsPingError';
  readonly code: string;
  /** HTTP status; absent when there was no answer. */
  readonly status: number | undefined;
  /** Body of the answer, `application/problem+json`. */
  readonly problem: Partial<Problem> | undefined;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The approval request that this is about, where there is one: it can still be waited for. */
  readonly requestId: string | undefined;

  constructor(code: string, message: string, details: LetsPingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfterMs = details.retryAfterMs;
    this.requestId = details.requestId;
  }

  /** The page on which the server explains this refusal, where it has one. */
  get docs(): string | undefined {
    return this.problem?.type?.startsWith('http') ? this.problem.type : undefined;
  }

  /** On the published routes `code` is the published name, and the server's own stands at the end of `type`. */
  get problemCode(): string | undefined {
    const { code, type } = this.problem ?? {};
    return code !== undefined && !code.startsWith('LETSPING_') ? code : type?.split(/[/#:]/).at(-1) || undefined;
  }
}

/** Thrown by `run` when the action was not approved: by a person, the firewall, or because nobody answered. */
export class ApprovalRejectedError extends LetsPingError {
  override readonly name = 'ApprovalRejectedError';
  readonly reason: string;
  constructor(reason: string, requestId: string) {
    super('LETSPING_REJECTED', `Request rejected: ${reason}`, { requestId });
    this.reason = reason;
  }
}

/**
 * Thrown by `run` when the effect has happened and its report was not taken: `result` is what the effect returned. With
 * `problemCode` `executed_already` another process has run the same approval.
 */
export class ExecutionReportError<T = unknown> extends LetsPingError {
  override readonly name = 'ExecutionReportError';
  readonly result: T;
  constructor(result: T, requestId: string, cause: LetsPingError) {
    const { code, status, problem } = cause;
    super(code, `the action has run, but reporting it failed: ${cause.message}`, { status, problem, requestId, cause });
    this.result = result;
  }
}
