import type { Statement } from '../../contracts/receipt.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { LedgerRecord, RequestRecord } from '../../domain/approval/record.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { statementOf } from '../../domain/receipt/statement.ts';

/** The author of a patch that a second person approved: the receipt names both. */
function patchedBy(statement: Statement): string | undefined {
  const by = statement.predicate?.decided?.by;
  return Array.isArray(by) && by.length === 2 ? by[0] : undefined;
}

/**
 * An outcome counts by its receipt. The attacker writes to the database: a ledger row whose receipt this deployment did not sign, or
 * whose receipt says anything else than the row and the request's terms, is not an outcome.
 * @returns what only the receipt says: the author of a patch that a second person approved.
 * @throws RowForged
 */
export async function authenticateOutcome(
  sealer: Sealer,
  request: RequestRecord,
  row: LedgerRecord,
): Promise<{ patched_by: string | undefined }> {
  const signed = await sealer.verifyReceipt(row.receipt);
  if (!signed) throw new RowForged('ledger', row.request_id);
  const patched_by = patchedBy(JSON.parse(signed.toString('utf8')) as Statement);
  if (!signed.equals(canonicalBytes(statementOf(request, row, patched_by))))
    throw new RowForged('ledger', row.request_id);
  return { patched_by };
}
