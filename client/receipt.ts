import type { Statement } from '../contracts/receipt.ts';

/**
 * The statement of a receipt, without a check of its signature: `letsping verify` does that, with keys from another source
 * than the receipt. Undefined for an invalid receipt.
 */
export function statementOf(receipt: string): Statement | undefined {
  try {
    const bytes = Uint8Array.from(atob((receipt.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')), (c) =>
      c.charCodeAt(0),
    );
    const statement = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Statement;
    return statement?.predicate ? statement : undefined;
  } catch {
    return undefined;
  }
}
