import { type LetsPingCode, LetsPingError } from '../client/errors.ts';
import type { CommandCode } from '../contracts/command-codes.ts';
import type { ErrorCode } from '../contracts/error-codes.ts';

/** Everything a command gets from the process. Commands use nothing else of it. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  /** Prints results only, because scripts read them. */
  out(text: string): void;
  /** Prints progress, hints and errors. */
  err(text: string): void;
  /** Whether a person uses it. */
  interactive: boolean;
}

/** 0 done, 1 failed, 2 usage, 3 a receipt under a revoked key, 70 ended by an uncaught error (api and worker). */
export type ExitCode = 0 | 1 | 2 | 3 | 70;

/** Made by `defineCommand` or `defineCommandGroup`. */
export interface Command {
  /** The words after `letsping`: `inbox`, `policy check`. */
  readonly name: string;
  readonly summary: string;
  /** Each way to call it: `letsping show ID [--json | --receipt]`. */
  readonly usage: readonly string[];
  /** What `--help` prints. */
  readonly help: string;
  /** @throws UsageError, CommandFailed */
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** Wrong arguments: printed with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The command that was called; set where its arguments are read. */
  command: Command | undefined;
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
