import type { StatusAnswer } from '../../contracts/approval-request.ts';
import type { InterruptAnswer, InterruptLink } from '../../contracts/thread.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { statusAnswer } from '../../domain/approval/status-answer.ts';
import { readRequest, readRequestRow } from '../approvals/approval-requests.ts';
import { authenticResolution, readResolution } from '../approvals/resolution.ts';
import type { Transaction } from '../db/transaction.ts';
import { addDeliveries } from '../outbox/deliveries.ts';
import { authenticLinks, type InterruptRow, LINK_COLUMNS, linkMac } from './interrupt-links.ts';

/** The request cannot answer this thread's interrupt: it is unknown, or was opened for another thread. */
export class NotOfThisThread extends Error {
  override readonly name = 'NotOfThisThread';
}

/** The links of each interrupt that has some, in the order of their positions. @throws RowForged */
async function linksOf<Row extends InterruptRow>(
  tx: Transaction,
  sealer: Sealer,
  thread_id: string,
  interrupt_ids: string[],
): Promise<Map<string, Row[]>> {
  const rows = await tx.query<Row>(
    `select ${LINK_COLUMNS}, i.resumed_at from thread_interrupts i
     where i.project_id = $1 and i.thread_id = $2 and i.interrupt_id = any($3) order by i.interrupt_id, i.position`,
    [tx.project_id, thread_id, interrupt_ids],
  );
  const links = new Map<string, Row[]>();
  for (const row of rows) {
    const known = links.get(row.interrupt_id);
    if (known) known.push(row);
    else links.set(row.interrupt_id, [row]);
  }
  for (const group of links.values()) authenticLinks(sealer, group);
  return links;
}

/** Returns those of the interrupts that have approval requests. @throws RowForged */
export async function linkedInterrupts(
  tx: Transaction,
  sealer: Sealer,
  thread_id: string,
  interrupt_ids: string[],
): Promise<string[]> {
  return [...(await linksOf(tx, sealer, thread_id, interrupt_ids)).keys()];
}

/**
 * Links an interrupt to its requests; an existing link is kept. Both this and settling lock the request's row first, so the
 * second sees the first: a request that is already closed gets here the delivery that settling it could not insert.
 * @throws NotOfThisThread
 */
export async function linkInterrupt(
  tx: Transaction,
  sealer: Sealer,
  { thread_id, interrupt_id, graph, request_ids }: InterruptLink,
): Promise<void> {
  // Always in the same order, so that two transactions that lock several rows do not deadlock.
  const ordered = request_ids
    .map((request_id, position) => ({ request_id, position }))
    .sort((a, b) => (a.request_id < b.request_id ? -1 : 1));
  const total = request_ids.length;
  for (const { request_id, position } of ordered) {
    const request = await readRequestRow(tx, sealer, request_id, { lock: true });
    if (!request || request.thread_id !== thread_id)
      throw new NotOfThisThread(`request ${request_id} was not opened for this thread`);
    const linked = await tx.query(
      `insert into thread_interrupts (project_id, thread_id, interrupt_id, position, graph, request_id, total, mac)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (project_id, thread_id, interrupt_id, position) do nothing returning 1`,
      [
        tx.project_id,
        thread_id,
        interrupt_id,
        position,
        graph,
        request_id,
        total,
        linkMac(sealer, { thread_id, interrupt_id, position, total, graph, request_id }),
      ],
    );
    if (linked.length === 0 || request.status === 'pending') continue;
    await addDeliveries(tx, request_id, 'langgraph');
  }
}

/**
 * The answers to a thread's interrupts. `resumed_at` is not authenticated: setting it only withholds an answer, and clearing it
 * offers one again that the thread's sealed checkpoints have taken already.
 * @throws RowForged, SealBroken
 */
export async function interruptAnswers(
  tx: Transaction,
  sealer: Sealer,
  thread_id: string,
  interrupt_ids: string[],
): Promise<InterruptAnswer[]> {
  const links = await linksOf<InterruptRow & { resumed_at: Date | null }>(tx, sealer, thread_id, interrupt_ids);
  const found: InterruptAnswer[] = [];
  for (const [interrupt_id, rows] of links) {
    const resumed = rows.some(({ resumed_at }) => resumed_at !== null);
    const answers = resumed ? [] : await answersOf(tx, sealer, rows);
    found.push({ interrupt_id, resumed, ...(answers && { answers }) });
  }
  return found;
}

/** Undefined while one of the requests is pending. */
async function answersOf(
  tx: Transaction,
  sealer: Sealer,
  rows: readonly InterruptRow[],
): Promise<StatusAnswer[] | undefined> {
  const answers: StatusAnswer[] = [];
  for (const { request_id, thread_id } of rows) {
    const request = await readRequest(tx, sealer, request_id);
    const resolved = await readResolution(tx, sealer, request_id);
    if (!request || !resolved) return undefined;
    if (request.thread_id !== thread_id) throw new RowForged('thread_interrupt', request_id);
    answers.push(statusAnswer({ request, ...(await authenticResolution(sealer, request, resolved)) }));
  }
  return answers;
}

export async function markResumed(tx: Transaction, thread_id: string, interrupt_ids: string[]): Promise<void> {
  await tx.query(
    'update thread_interrupts set resumed_at = now() where project_id = $1 and thread_id = $2 and interrupt_id = any($3) and resumed_at is null',
    [tx.project_id, thread_id, interrupt_ids],
  );
}
