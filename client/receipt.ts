import type { Statement } from '../contracts/receipt.ts';
import { compactJwsParts } from '../domain/receipt/compact-jws.ts';

/**
 * The statement of a receipt, without a check of its signature: `letsping verify` does that, with keys from another source
 * than the receipt. Undefined for an invalid receipt.
 */
export function statementOf(receipt: string): Statement | undefined {
  try {
    const { payload } = compactJwsParts(receipt);
    const statement = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as Statement;
    return statement?.predicate ? statement : undefined;
  } catch {
    return undefined;
  }
}
