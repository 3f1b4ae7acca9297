import type { Statement } from '../../contracts/receipt.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { DecidedWith } from '../../domain/approval/derive.ts';
import type { LedgerRecord, RequestRecord } from '../../domain/approval/record.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { statementOf } from '../../domain/receipt/statement.ts';

/** What only the receipt says. It is believed once the whole receipt is what this deployment would write. */
function saidIn(statement: Statement): DecidedWith {
  const { by, keys_made_by } = statement.predicate?.decided ?? {};
  return {
    ...(Array.isArray(by) && by.length === 2 && { patched_by: by[0] }),
    ...(keys_made_by && { keys_made_by }),
  };
}

/**
 * Whether the outcome is later than the revocation of its signing key. The attacker has that key and writes to the database. They can state
 * an earlier time, but not for a request that was opened later: its own time is in its seal.
 */
const isAfter = (revoked_at: Date | undefined, { created_at }: RequestRecord, { resolved_at }: LedgerRecord): boolean =>
  revoked_at !== undefined && (created_at >= revoked_at || resolved_at >= revoked_at);

/**
 * An outcome counts by its receipt. The attacker writes to the database: a ledger row whose receipt this deployment did not sign, or
 * whose receipt says anything else than the row and the request's terms, is not an outcome.
 * @returns what only the receipt says.
 * @throws RowForged
 */
export async function authenticateOutcome(
  sealer: Sealer,
  request: RequestRecord,
  row: LedgerRecord,
): Promise<DecidedWith> {
  const verified = await sealer.verifyReceipt(row.receipt);
  if (!verified || isAfter(verified.revoked_at, request, row)) throw new RowForged('ledger', row.request_id);
  const signed = verified.bytes;
  const said = saidIn(JSON.parse(signed.toString('utf8')) as Statement);
  if (!signed.equals(canonicalBytes(statementOf(request, row, said)))) throw new RowForged('ledger', row.request_id);
  return said;
}
