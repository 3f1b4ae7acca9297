import type { Measured } from '../row.ts';
import { type BenchSystem, HELD_SERVICE } from './bench-system.ts';
import { startOwn } from './processes.ts';
import { countTransactions } from './statement-log.ts';
import { inFlight, pause } from './timing.ts';

const WIDTHS = [1, 20];
const LISTENERS = 8;
/** Marks and notices follow the answer. */
const AFTER_MS = 500;

/** Transactions of one whole approval over HTTP: opened, started, decided, settled. */
export async function transactions(system: BenchSystem, count: number): Promise<Measured[]> {
  const rows: Measured[] = [];
  for (const width of WIDTHS) {
    const found = await countTransactions(system, system.postgresLog, async () => {
      const ids = new Set<string>();
      await inFlight(count, width, async () => {
        const { id, payload_digest } = await system.ingest(HELD_SERVICE);
        ids.add(id);
        await system.decideByHttp(id, payload_digest);
      });
      await pause(AFTER_MS);
      return ids;
    });
    const row = (measure: string, counted: number): Measured => ({
      case: `held approval, ${width} in flight`,
      measure,
      value: counted / count,
      unit: 'commits',
    });
    rows.push(
      {
        ...row('transactions that read or write rows', found.transactions),
        ...(width === 20 && { budget: { value: 5 } }),
      },
      row('notices, which write nothing', found.notices),
      row('reads of the api that listens', found.listeners),
    );
  }
  return rows;
}

/** Held requests that are opened 20 at a time while eight processes listen, compared with the same commits without notices. */
export async function notices(system: BenchSystem, count: number, turns: number): Promise<Measured[]> {
  const listeners = await startOwn('listeners', [String(LISTENERS)], system.program_env);
  try {
    const took = { ours: 0, silent: 0 };
    const sides = [
      ['ours', system.openRow],
      ['silent', system.openSilently],
    ] as const;
    for (const [, open] of sides) await inFlight(count, 20, open);
    for (let turn = 0; turn < turns; turn++)
      for (const [side, open] of turn % 2 === 0 ? sides : sides.toReversed())
        took[side] += await inFlight(count, 20, open);
    const perSecond = (ms: number) => (turns * count * 1_000) / ms;
    return [
      {
        case: `commits, 20 in flight, ${LISTENERS} listeners`,
        measure: 'a second, beside the same without notices',
        value: perSecond(took.ours),
        unit: 'requests/s',
        baseline: perSecond(took.silent),
        budget: { atLeast: 0.9 },
      },
    ];
  } finally {
    await listeners.stop();
  }
}
