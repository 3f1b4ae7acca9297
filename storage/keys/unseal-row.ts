import { SealBroken, type SealContext } from '../../crypto/envelope.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { type ForgedKind, RowForged } from '../../crypto/row-mac.ts';

/**
 * Unseals a column of a row. The attacker writes to the database: bytes that do not unseal are a forged row, and not a missing key.
 * `row`: of the row that has the column.
 * @throws RowForged
 */
export async function unsealRow(
  sealer: Sealer,
  row: { kind: ForgedKind; id: string; request_id: string | null },
  context: SealContext,
  sealed: Uint8Array,
): Promise<unknown> {
  try {
    return await sealer.unseal(context, sealed);
  } catch (error) {
    throw error instanceof SealBroken ? new RowForged(row.kind, row.id, row.request_id) : error;
  }
}
