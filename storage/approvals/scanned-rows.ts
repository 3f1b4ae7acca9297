import type { Keyring, Sealer } from '../../crypto/keyring.ts';
import type { Scanned } from '../../domain/approval/ports.ts';

/**
 * Checks rows of several projects, each with the key of the project that it names. The attacker writes to the database: a row that
 * fails, or whose project's key they damaged, does not stop the others.
 */
export async function scannedRows<Row extends { project_id: string }, Checked>(
  keyring: Keyring,
  rows: readonly Row[],
  check: (sealer: Sealer, row: Row) => Checked | Promise<Checked>,
): Promise<Scanned<Checked>> {
  const scanned: Scanned<Checked> = { rows: [], refused: [] };
  for (const row of rows) {
    try {
      scanned.rows.push(await check(await keyring.sealer(row.project_id), row));
    } catch (error) {
      scanned.refused.push({ project_id: row.project_id, error });
    }
  }
  return scanned;
}
