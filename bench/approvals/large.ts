import { type Measured, percentile } from '../row.ts';
import { ALLOWED_SERVICE, type BenchSystem } from './bench-system.ts';
import { expectStatus, send } from './http.ts';
import { p50, pause, timed } from './timing.ts';

const SENTENCE = 'The customer was charged twice for the order of last week, and asks to have one of the two back. ';
const MB = 1_000_000;
const TURNS = 3;
const PAUSE_MS = 5;

/** Small allowed calls, alone and while another client sends bodies of 1 MB, one after the other. */
export async function large(system: BenchSystem, rounds: number): Promise<Measured[]> {
  const body = { service: ALLOWED_SERVICE, action: 'export', payload: { text: SENTENCE.repeat(MB / SENTENCE.length) } };
  const sendLarge = () => expectStatus(send('POST', `${system.api_url}/ingest`, system.agent_api_key, body), 201);
  const small = async (times: number[]) => {
    for (let round = 0; round < rounds; round++) {
      times.push((await timed(() => system.ingest(ALLOWED_SERVICE))).ms);
      await pause(PAUSE_MS);
    }
  };
  for (let i = 0; i < 10; i++) await sendLarge();
  await small([]);
  const [alone, beside, theirs]: [number[], number[], number[]] = [[], [], []];
  for (let turn = 0; turn < TURNS; turn++) {
    await small(alone);
    let isOver = false;
    const other = (async () => {
      while (!isOver) theirs.push((await timed(sendLarge)).ms);
    })();
    await small(beside).finally(() => {
      isOver = true;
    });
    await other;
  }
  const name = 'ingest, allowed, beside a client that sends 1 MB at a time';
  return [
    { case: name, measure: 'p50, beside the same alone', value: p50(beside), unit: 'ms', baseline: p50(alone) },
    {
      case: name,
      measure: 'p99, beside the same alone',
      value: percentile(beside, 99),
      unit: 'ms',
      baseline: percentile(alone, 99),
    },
    { case: name, measure: 'p50 of those 1 MB', value: p50(theirs), unit: 'ms' },
  ];
}
