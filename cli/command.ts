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

/** A failure that the user can fix: printed with a hint, exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
