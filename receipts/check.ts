/** The checks in the order in which they are made. `payload` is made only when a payload and its salt are given, `revocation` only when the key set says that the key is revoked. */
export const CHECKS = [
  'form',
  'header',
  'key',
  'signature',
  'canonical',
  'statement',
  'payload',
  'revocation',
] as const;
export type CheckName = (typeof CHECKS)[number];

export interface Check {
  check: CheckName;
  ok: boolean;
  /** One sentence: what was found, or why the check failed. It may quote the receipt, so escape it before display. */
  detail: string;
}

/** Ends a verification: its message becomes the detail of the check that failed. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}
