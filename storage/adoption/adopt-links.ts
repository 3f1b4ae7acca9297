import type { Sealer } from '../../crypto/keyring.ts';
import type { Transaction } from '../db/transaction.ts';
import { type InterruptRow, linkMac } from '../threads/interrupt-links.ts';
import { type AdoptedProject, vouch } from './report.ts';

const BATCH = 500;

/** Writes the MACs of all rows of a table that `macOf` vouches for. `key`: text columns that identify a row in its project. */
async function adopt<Row extends object>(
  tx: Transaction,
  table: 'thread_interrupts' | 'thread_pauses' | 'executions',
  key: readonly [string, ...string[]],
  columns: string,
  macOf: (row: Row) => Buffer | undefined,
): Promise<number> {
  const names = key.join(', ');
  const of = (alias: string) => key.map((name) => `${alias}.${name}`).join(', ');
  const params = key.map((_, i) => `$${i + 2}`);
  const select = `select ${columns} from ${table} t where t.project_id = $1 and (${of('t')}) > (${params.join(', ')})
    order by ${of('t')} limit ${BATCH}`;
  const lists = params.map((param) => `${param}::text[]`).join(', ');
  const update = `update ${table} t set mac = n.mac from unnest(${lists}, $${key.length + 2}::bytea[]) as n (${names}, mac)
    where t.project_id = $1 and (${of('t')}) = (${of('n')})`;
  const column = (row: Row, name: string) => (row as Record<string, unknown>)[name];
  let written = 0;
  for (let after: unknown[] = key.map(() => ''); ; ) {
    const rows = await tx.query<Row>(select, [tx.project_id, ...after]);
    const last = rows.at(-1);
    if (!last) return written;
    after = key.map((name) => column(last, name));
    const vouched = rows.flatMap((row) => {
      const mac = macOf(row);
      return mac ? [{ row, mac }] : [];
    });
    const columnsOf = key.map((name) => vouched.map(({ row }) => column(row, name)));
    await tx.query(update, [tx.project_id, ...columnsOf, vouched.map(({ mac }) => mac)]);
    written += vouched.length;
  }
}

/** A link counts for the requests of one interrupt together, so it is numbered with their total. */
const TOTALS = `update thread_interrupts i set total = n.total
  from (select thread_id, interrupt_id, count(*)::int as total from thread_interrupts where project_id = $1 group by 1, 2) n
  where i.project_id = $1 and i.thread_id = n.thread_id and i.interrupt_id = n.interrupt_id
    and i.position < n.total`;

/** Vouches for the links between requests and LangGraph threads, for pauses and for reports of executions. */
export async function adoptLinks(tx: Transaction, sealer: Sealer, report: AdoptedProject): Promise<void> {
  await tx.query(TOTALS, [tx.project_id]);
  report.thread_links = await adopt<InterruptRow & { opened_for: string | null }>(
    tx,
    'thread_interrupts',
    ['request_id'],
    `thread_id, interrupt_id, position, total, graph, request_id,
     (select r.thread_id from approval_requests r where r.id = t.request_id) as opened_for`,
    (row) => {
      if (row.opened_for === row.thread_id && row.total !== null) return linkMac(sealer, row);
      vouch(report.refused, {
        request_id: row.request_id,
        why: 'its link is not to the thread that it was opened for',
      });
      return undefined;
    },
  );
  report.pauses = await adopt<{ thread_id: string; pause_key: string; request_id: string; held: boolean }>(
    tx,
    'thread_pauses',
    ['thread_id', 'pause_key'],
    'thread_id, pause_key, request_id, held',
    (row) => sealer.macOf('thread_pause', row.pause_key, row),
  );
  report.executions = await adopt<{
    request_id: string;
    payload_digest: string;
    reported_by: string;
    executed_at: Date;
  }>(tx, 'executions', ['request_id'], 'request_id, payload_digest, reported_by, executed_at', (row) =>
    sealer.macOf('execution', row.request_id, row),
  );
}
