import type { InterruptAnswer, InterruptLink } from '../../contracts/thread.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { statusAnswer } from '../../domain/approval/status-answer.ts';
import { readRequest, readRequestRow } from '../approvals/approval-requests.ts';
import { authenticateOutcome } from '../approvals/authentic-outcome.ts';
import { readResolution } from '../approvals/resolution.ts';
import type { Transaction } from '../db/transaction.ts';
import { addDeliveries } from '../outbox/deliveries.ts';

/** The request cannot answer this thread's interrupt: it is unknown, or was opened for another thread. */
export class NotOfThisThread extends Error {
  override readonly name = 'NotOfThisThread';
}

/** Returns those of the interrupts that have approval requests. */
export async function linkedInterrupts(tx: Transaction, thread_id: string, interrupt_ids: string[]): Promise<string[]> {
  const rows = await tx.query<{ interrupt_id: string }>(
    'select distinct interrupt_id from thread_interrupts where project_id = $1 and thread_id = $2 and interrupt_id = any($3)',
    [tx.project_id, thread_id, interrupt_ids],
  );
  return rows.map(({ interrupt_id }) => interrupt_id);
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
  for (const { request_id, position } of ordered) {
    const request = await readRequestRow(tx, sealer, request_id, { lock: true });
    if (!request || request.thread_id !== thread_id)
      throw new NotOfThisThread(`request ${request_id} was not opened for this thread`);
    const linked = await tx.query(
      `insert into thread_interrupts (project_id, thread_id, interrupt_id, position, graph, request_id) values ($1, $2, $3, $4, $5, $6)
       on conflict (project_id, thread_id, interrupt_id, position) do nothing returning 1`,
      [tx.project_id, thread_id, interrupt_id, position, graph, request_id],
    );
    if (linked.length === 0 || request.status === 'pending') continue;
    await addDeliveries(tx, request_id, 'langgraph');
  }
}

/** @throws RowForged, SealBroken */
export async function interruptAnswers(
  tx: Transaction,
  sealer: Sealer,
  thread_id: string,
  interrupt_ids: string[],
): Promise<InterruptAnswer[]> {
  const rows = await tx.query<{ interrupt_id: string; request_id: string; resumed_at: Date | null }>(
    `select interrupt_id, request_id, resumed_at from thread_interrupts
     where project_id = $1 and thread_id = $2 and interrupt_id = any($3) order by interrupt_id, position`,
    [tx.project_id, thread_id, interrupt_ids],
  );
  const found = new Map<string, InterruptAnswer>();
  for (const row of rows) {
    const answer = found.get(row.interrupt_id) ?? {
      interrupt_id: row.interrupt_id,
      resumed: row.resumed_at !== null,
      answers: [],
    };
    found.set(row.interrupt_id, answer);
    if (answer.resumed || !answer.answers) continue;
    const request = await readRequest(tx, sealer, row.request_id);
    const resolved = await readResolution(tx, sealer, row.request_id);
    if (!request || !resolved) {
      delete answer.answers;
      continue;
    }
    const { ledger, ...resolution } = resolved;
    await authenticateOutcome(sealer, request, ledger);
    answer.answers.push(statusAnswer({ request, ...resolution }));
  }
  return [...found.values()];
}

export async function markResumed(tx: Transaction, thread_id: string, interrupt_ids: string[]): Promise<void> {
  await tx.query(
    'update thread_interrupts set resumed_at = now() where project_id = $1 and thread_id = $2 and interrupt_id = any($3) and resumed_at is null',
    [tx.project_id, thread_id, interrupt_ids],
  );
}
