/** A consumer of the receipt verifier. */
import {
  CHECKS,
  type Check,
  type CheckName,
  type RevealedPayload,
  type Statement,
  type Verification,
  verifyReceipt,
} from 'letsping-temporal/receipts';

export async function outcomeOf(
  receipt: string,
  keys: Parameters<typeof verifyReceipt>[1],
  revealed?: RevealedPayload,
): Promise<Statement['predicate']['outcome'] | CheckName> {
  const verification: Verification = await verifyReceipt(receipt, keys, revealed);
  if (verification.valid) return verification.statement.predicate.outcome;
  const last: Check | undefined = verification.checks.at(-1);
  return last?.check ?? CHECKS[0];
}
