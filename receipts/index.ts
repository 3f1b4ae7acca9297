/** Verification of receipts, for the command line, the console and users. Its files run in a browser as well as in Node. */
export type { Statement } from '../contracts/receipt.ts';
export { CHECKS, type Check, type CheckName } from './check.ts';
export type { KeyRevocation } from './key-revocation.ts';
export type { RevealedPayload } from './statement-checks.ts';
export { type Verification, verifyReceipt } from './verify.ts';
