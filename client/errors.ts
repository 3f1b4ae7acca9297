import type { PublishedCode } from '../contracts/error-codes.ts';
import type { Permit } from '../contracts/permit.ts';
import type { Problem } from '../contracts/problem.ts';

/** Codes that the client raises itself. The others come from the HTTP status: `publishedCode`. */
export const LOCAL_CODES = [
  /** The key or the server's address is missing or malformed. */
  'LETSPING_CONFIG',
  /** An argument cannot be sent: not JSON, or an invalid schema. */
  'LETSPING_INVALID_ARGUMENT',
  /** No answer: the server is unreachable, or the connection broke. */
  'LETSPING_NETWORK',
  /** The wait ended before the decision. The request stays open until its own deadline. */
  'LETSPING_TIMEOUT',
  /** An answer outside the protocol, usually because the address is not that of the API. */
  'LETSPING_BAD_ANSWER',
  /** The request is not decided yet. */
  'LETSPING_PENDING',
  /** A person or the firewall rejected the action, or its deadline passed. */
  'LETSPING_REJECTED',
  /** The effect says that it did not act. */
  'LETSPING_NOT_RUN',
  /** The payload is not the approved one. Nothing may run. */
  'LETSPING_DIGEST_MISMATCH',
  /** The approved payload is encrypted by another client, and this client cannot open it. Nothing may run. */
  'LETSPING_SEALED_PAYLOAD',
  /** Two copies of a framework, or of this package, would work together in one process. */
  'LETSPING_TWO_COPIES',
  /** A framework is installed in a version outside the range of this package's peer dependencies. */
  'LETSPING_UNSUPPORTED_VERSION',
] as const;
export type LocalCode = (typeof LOCAL_CODES)[number];

/** Every `code` of a LetsPingError. The server's page `/docs/errors` explains each. */
export type LetsPingCode = LocalCode | PublishedCode;

/** In the global registry, so that a second copy of this package in the same process has the same symbol. */
const KINDS = Symbol.for('letsping.error');

/** Marks the errors of a class with its name and those of its bases, the own one last. Not in the types, which two copies share. */
function mark({ prototype }: { prototype: Error }, ...kinds: string[]): void {
  Object.defineProperty(prototype, KINDS, { value: kinds });
}

function kindsOf(value: unknown): readonly unknown[] {
  const kinds: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, KINDS) : undefined;
  return Array.isArray(kinds) ? kinds : [];
}

/** `instanceof` by the mark of the class, not by its identity. A class that an application derives has no mark of its own. */
function isInstance(this: typeof LetsPingError, value: unknown): boolean {
  return Object.hasOwn(this.prototype, KINDS)
    ? kindsOf(value).includes(kindsOf(this.prototype).at(-1))
    : Function.prototype[Symbol.hasInstance].call(this, value);
}

export interface LetsPingErrorDetails {
  status?: number | undefined;
  problem?: Partial<Problem> | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

/**
 * Every error of the client. Branch on `code` (`LETSPING_401_AUTH`, `LETSPING_TIMEOUT`, …); `problemCode` is the
 * server's more specific code (`not_pending`, `executed_already`, …). `instanceof` also recognises the errors of another
 * copy of this package.
 */
export class LetsPingError extends Error {
  static {
    mark(LetsPingError, 'LetsPingError');
    Object.defineProperty(LetsPingError, Symbol.hasInstance, { value: isInstance });
  }

  override readonly name: string = 'LetsPingError';
  readonly code: LetsPingCode;
  /** HTTP status; absent if there was no answer. */
  readonly status: number | undefined;
  /** Body of the answer, `application/problem+json`. */
  readonly problem: Partial<Problem> | undefined;
  /** The server's `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The approval request, if there is one; it is possible to wait for it again. */
  readonly requestId: string | undefined;

  constructor(code: LetsPingCode, message: string, details: LetsPingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfterMs = details.retryAfterMs;
    this.requestId = details.requestId;
  }

  /** Address of the section that explains this refusal, on the server's own pages. */
  get docs(): string | undefined {
    const { type } = this.problem ?? {};
    return typeof type === 'string' && /^https?:\/\//.test(type) ? type : undefined;
  }

  /** On the published routes `code` is the published name, and the server's own code is the last segment of `type`. */
  get problemCode(): string | undefined {
    const { code, type } = this.problem ?? {};
    if (typeof code === 'string' && !code.startsWith('LETSPING_')) return code;
    return typeof type === 'string' && type !== 'about:blank' ? /[/#:]([a-z][a-z0-9_]*)$/.exec(type)?.[1] : undefined;
  }
}

/** Thrown by `run` if a person or the firewall rejected the action, or its deadline passed. */
export class ApprovalRejectedError extends LetsPingError {
  static {
    mark(ApprovalRejectedError, 'LetsPingError', 'ApprovalRejectedError');
  }

  override readonly name = 'ApprovalRejectedError';
  readonly reason: string;
  constructor(reason: string, requestId: string) {
    super('LETSPING_REJECTED', `Request rejected: ${reason}`, { requestId });
    this.reason = reason;
  }
}

/**
 * Thrown by `run`, `execute` and `claim` if the permit cannot be claimed: nothing was run. `problemCode` says why (`permit_claimed`,
 * `permit_unknown`, `executed_already`, …), and `permit` who holds it and since when.
 */
export class PermitRefusedError extends LetsPingError {
  static {
    mark(PermitRefusedError, 'LetsPingError', 'PermitRefusedError');
  }

  override readonly name = 'PermitRefusedError';
  readonly permit: Permit | undefined;
  constructor(requestId: string, cause: LetsPingError) {
    const { code, status, problem } = cause;
    super(code, cause.message, { status, problem, requestId, cause });
    this.permit = problem?.permit;
  }
}

/**
 * Throw it from the effect of `run` or `execute` to say that it did not act: the permit is free again. After every other error the result
 * counts as unknown.
 *
 * @example
 * await lp.run(refund, async (payload) => {
 *   if (!(await payments.isOpen())) throw new NotRun('the bank is closed');
 *   return payments.refund(payload);
 * });
 */
export class NotRun extends LetsPingError {
  static {
    mark(NotRun, 'LetsPingError', 'NotRun');
  }

  override readonly name = 'NotRun';
  constructor(message = 'the effect did not act', options: { cause?: unknown } = {}) {
    super('LETSPING_NOT_RUN', message, options);
  }
}

/**
 * Thrown by `run` and `execute` if the effect happened but its report was refused or lost: `result` is the effect's return value. The
 * server counts the result as unknown until a person closes it.
 */
export class ExecutionReportError<T = unknown> extends LetsPingError {
  static {
    mark(ExecutionReportError, 'LetsPingError', 'ExecutionReportError');
  }

  override readonly name = 'ExecutionReportError';
  readonly result: T;
  constructor(result: T, requestId: string, cause: LetsPingError) {
    const { code, status, problem } = cause;
    super(code, `the action has run, but reporting it failed: ${cause.message}`, { status, problem, requestId, cause });
    this.result = result;
  }
}
