/** A local service that cannot be found or started. `hint` says what the person at the terminal can do about it. */
export class ServiceFailed extends Error {
  override readonly name = 'ServiceFailed';
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
