import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';

/** The columns of a link `i` that its MAC covers, and the MAC. */
export const LINK_COLUMNS = 'i.thread_id, i.interrupt_id, i.position, i.total, i.graph, i.request_id, i.mac';

export interface InterruptRow {
  thread_id: string;
  interrupt_id: string;
  position: number;
  total: number;
  graph: string;
  request_id: string;
  mac: Buffer | null;
}

export const linkMac = (sealer: Sealer, row: Omit<InterruptRow, 'mac'>): Buffer =>
  sealer.macOf('thread_interrupt', row.request_id, row);

/**
 * Checks all links of one interrupt, in the order of their positions. The attacker writes to the database: they would link an
 * approved request to a waiting interrupt, so that its answer resumes the thread, or remove the link of a request that is pending.
 * @throws RowForged
 */
export function authenticLinks(sealer: Sealer, rows: readonly InterruptRow[]): void {
  for (const [at, row] of rows.entries()) {
    sealer.authenticate('thread_interrupt', row.request_id, row, row.mac);
    if (row.position !== at || row.total !== rows.length) throw new RowForged('thread_interrupt', row.request_id);
  }
}
