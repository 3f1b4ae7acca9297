/** What a command is given: nothing else in `cli/commands/` touches the process. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  /** Results, and nothing else: a script reads them. */
  out(text: string): void;
  /** Progress, hints and errors. */
  err(text: string): void;
  /** Whether a person sits at it. */
  interactive: boolean;
}

/** One command a file. `run` resolves to the exit code: 0 done, 1 failed, 2 usage. */
export interface Command {
  summary: string;
  usage: string;
  run(args: string[], terminal: Terminal): Promise<0 | 1 | 2>;
}

/** Wrong words on the command line: printed with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure that the person can mend: printed as it is, with what to try, exit code 1. */
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
