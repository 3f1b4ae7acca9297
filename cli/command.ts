import { type LetsPingCode, LetsPingError } from '../client/errors.ts';
import type { CommandCode } from '../contracts/command-codes.ts';
import type { ErrorCode } from '../contracts/error-codes.ts';

/** Everything a command gets from the process. Files in `cli/commands/` use nothing else of it. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  /** Prints results only, because scripts read them. */
  out(text: string): void;
  /** Prints progress, hints and errors. */
  err(text: string): void;
  /** Whether a person uses it. */
  interactive: boolean;
}

/** `run` resolves to the exit code: 0 done, 1 failed, 2 usage. */
export interface Command {
  summary: string;
  usage: string;
  run(args: string[], terminal: Terminal): Promise<0 | 1 | 2>;
}

/** Wrong arguments: printed with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type FailureCode = CommandCode | ErrorCode | LetsPingCode;

/** A failure that the user can fix: printed with a hint, exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code: FailureCode;
  readonly hint: string | undefined;
  constructor(code: FailureCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  /** The server's page about its refusal. */
  get docs(): string | undefined {
    return this.cause instanceof LetsPingError ? this.cause.docs : undefined;
  }
}
