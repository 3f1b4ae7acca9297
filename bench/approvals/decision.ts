import { LetsPing } from '../../client/index.ts';
import type { Measured } from '../row.ts';
import { type BenchSystem, HELD_SERVICE } from './bench-system.ts';
import { follow } from './http.ts';
import { byTurns, p50, p95, pause, timed } from './timing.ts';

/** Time until a new request's workflow has completed its first task. */
const OPENED_MS = 120;

/** From sending a decision to three kinds of waiting clients, compared with the round trip of one bare Update. */
export async function decision(system: BenchSystem, rounds: number): Promise<Measured[]> {
  const lp = new LetsPing(system.agent_api_key, { baseUrl: system.public_url });
  const heard = new Map<string, () => void>();
  const stream = await follow(`${system.api_url}/events`, system.agent_api_key, 'resolved', (id) => heard.get(id)?.());
  const answers: number[] = [];
  const decidedAfter = (wait: (id: string) => Promise<unknown>) => async (round: number) => {
    const { id, payload_digest } = await system.ingest(HELD_SERVICE);
    const waiting = wait(id);
    await pause(OPENED_MS);
    const sent = performance.now();
    const answered = system.decideByHttp(id, payload_digest).then(() => {
      if (round >= 0) answers.push(performance.now() - sent);
    });
    await waiting;
    const ms = performance.now() - sent;
    await answered;
    return ms;
  };
  const waited = await byTurns(rounds, {
    bare: async () => {
      const input = await system.prepare('bare');
      await system.start('bare', input);
      await pause(OPENED_MS);
      const ref = await system.decisionFor('bare', input);
      return (await timed(() => system.decide('bare', input, ref))).ms;
    },
    // The first status read is answered at once; the second is held.
    held: decidedAfter((id) => system.status(id).then(() => system.status(id))),
    stream: decidedAfter((id) =>
      new Promise<void>((resolve) => heard.set(id, resolve)).finally(() => heard.delete(id)),
    ),
    client: decidedAfter((id) => lp.waitForDecision(id, { timeoutMs: 30_000 })),
  });
  stream.stop();

  const bare = { p50: p50(waited.bare), p95: p95(waited.bare) };
  const rows: Measured[] = [
    {
      case: 'decision',
      measure: 'HTTP p50, beside a bare Update',
      value: p50(answers),
      unit: 'ms',
      baseline: bare.p50,
    },
    {
      case: 'decision',
      measure: 'HTTP p95, beside a bare Update',
      value: p95(answers),
      unit: 'ms',
      baseline: bare.p95,
    },
  ];
  for (const [side, name] of [
    ['held', 'held status'],
    ['stream', 'event stream'],
    ['client', 'our client'],
  ] as const) {
    rows.push(
      {
        case: `decision → ${name}`,
        measure: 'p50, beside a bare Update',
        value: p50(waited[side]),
        unit: 'ms',
        baseline: bare.p50,
        budget: { ratio: 2.5 },
      },
      {
        case: `decision → ${name}`,
        measure: 'p95, beside a bare Update',
        value: p95(waited[side]),
        unit: 'ms',
        baseline: bare.p95,
      },
    );
  }
  return rows;
}
