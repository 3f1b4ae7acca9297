import type { Measured } from '../row.ts';
import { type BenchSystem, HELD_SERVICE } from './bench-system.ts';
import { cpuMs } from './processes.ts';
import { inFlight } from './timing.ts';

const WIDTHS = [1, 20, 100];

/** Whole approvals, opened and decided: CPU time and throughput, compared with the same workflow with empty activities. */
export async function load(system: BenchSystem, count: number, turns: number): Promise<Measured[]> {
  const empty = async () => {
    const input = await system.prepare('empty');
    await system.start('empty', input);
    await system.decide('empty', input, await system.decisionFor('empty', input));
  };
  let refused = 0;
  const ours = async () => {
    const { id, payload_digest } = await system.ingest(HELD_SERVICE);
    refused += await system.decideByHttp(id, payload_digest);
  };
  const rows: Measured[] = [];
  for (const width of WIDTHS) {
    const times = { ours: 0, empty: 0 };
    const cpu = { worker: 0, api: 0, empty: 0 };
    const each = Math.max(width, Math.ceil(count / turns));
    const spent = async (pids: Partial<Record<keyof typeof cpu, number | undefined>>, work: () => Promise<number>) => {
      const names = Object.keys(pids) as (keyof typeof cpu)[];
      const before = names.map((name) => cpuMs(pids[name]) ?? Number.NaN);
      const ms = await work();
      await new Promise((resolve) => setTimeout(resolve, 200)); // the last task is still running
      names.forEach((name, i) => {
        cpu[name] += (cpuMs(pids[name]) ?? Number.NaN) - before[i]!;
      });
      return ms;
    };
    await Promise.all([inFlight(20, width, ours), inFlight(20, width, empty)]);
    for (let turn = 0; turn < turns; turn++) {
      const { worker, api } = system.pids();
      times.ours += await spent({ worker, api }, () => inFlight(each, width, ours));
      times.empty += await spent({ empty: system.children.empty.pid }, () => inFlight(each, width, empty));
    }
    const all = turns * each;
    const perSecond = (ms: number) => (all * 1_000) / ms;
    const name = `approval, ${width} in flight`;
    rows.push({
      case: name,
      measure: 'a second',
      value: perSecond(times.ours),
      unit: 'approvals/s',
      baseline: perSecond(times.empty),
    });
    const known = (ms: number) => (Number.isNaN(ms) ? null : ms / all);
    rows.push(
      {
        case: name,
        measure: 'worker CPU, beside empty activities',
        value: known(cpu.worker),
        unit: 'ms',
        baseline: known(cpu.empty) ?? 0,
        ...(width === 20 && { budget: { ratio: 1.3 } }),
      },
      { case: name, measure: 'API CPU', value: known(cpu.api), unit: 'ms' },
    );
  }
  rows.push({
    case: 'approval, all of these',
    measure: 'answers of 503 that were retried',
    value: refused,
    unit: 'answers',
  });
  return rows;
}
