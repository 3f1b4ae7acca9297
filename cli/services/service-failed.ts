import type { CommandCode } from '../../contracts/command-codes.ts';

/** A local service that cannot be found or started. `hint` says what the person at the terminal can do about it. */
export class ServiceFailed extends Error {
  override readonly name = 'ServiceFailed';
  readonly code: CommandCode;
  readonly hint: string | undefined;
  constructor(code: CommandCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
