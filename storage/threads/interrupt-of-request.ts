import type { Sealer } from '../../crypto/keyring.ts';
import type { Transaction } from '../db/transaction.ts';
import { authenticLinks, type InterruptRow, LINK_COLUMNS } from './interrupt-links.ts';

/**
 * The interrupt of a LangGraph thread that a request belongs to, and whether all requests of that interrupt are closed. The status is
 * a hint: who resumes the thread reads the outcomes. @throws RowForged
 */
export async function interruptOfRequest(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<{ thread_id: string; interrupt_id: string; graph: string; all_closed: boolean } | undefined> {
  const rows = await tx.query<InterruptRow & { closed: boolean }>(
    `select ${LINK_COLUMNS}, r.status <> 'pending' as closed
     from thread_interrupts mine
     join thread_interrupts i on i.project_id = mine.project_id and i.thread_id = mine.thread_id and i.interrupt_id = mine.interrupt_id
     join approval_requests r on r.id = i.request_id
     where mine.project_id = $1 and mine.request_id = $2 order by i.position`,
    [tx.project_id, request_id],
  );
  const [first] = rows;
  if (!first) return undefined;
  authenticLinks(sealer, rows);
  const { thread_id, interrupt_id, graph } = first;
  return { thread_id, interrupt_id, graph, all_closed: rows.every(({ closed }) => closed) };
}
