import type { Transaction } from '../db/transaction.ts';

/** The interrupt of a LangGraph thread that a request belongs to, and whether all requests of that interrupt are closed. */
export async function interruptOfRequest(
  tx: Transaction,
  request_id: string,
): Promise<{ thread_id: string; interrupt_id: string; graph: string; all_closed: boolean } | undefined> {
  const [row] = await tx.query<{ thread_id: string; interrupt_id: string; graph: string; all_closed: boolean }>(
    `select i.thread_id, i.interrupt_id, i.graph, bool_and(r.status <> 'pending') as all_closed
     from thread_interrupts mine
     join thread_interrupts i on i.project_id = mine.project_id and i.thread_id = mine.thread_id and i.interrupt_id = mine.interrupt_id
     join approval_requests r on r.id = i.request_id
     where mine.project_id = $1 and mine.request_id = $2
     group by i.thread_id, i.interrupt_id, i.graph`,
    [tx.project_id, request_id],
  );
  return row;
}
