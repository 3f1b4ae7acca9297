import type { ApprovalInput, DecisionRef } from '../../contracts/workflow.ts';
import type { Measured } from '../row.ts';
import { ALLOWED_SERVICE, type BenchSystem, bodyFor, HELD_SERVICE } from './bench-system.ts';
import { expectStatus, follow, send } from './http.ts';
import { byTurns, inBlocks, inFlight, p50, p95, pause, timed } from './timing.ts';

const TURNS = 4;
const WIDTH = 20;
/** Calls of each side before the first warm figure: the engine has then compiled what they run. */
const WARM_UP = 1_500;
/** Calls in flight are measured over more calls, because they end sooner. */
const BURST = 4;

/** Time until an agent's answer: allowed compared with a plain insert, held compared with the start of a bare workflow. */
export async function ingest(system: BenchSystem, rounds: number): Promise<Measured[]> {
  const plain = () => expectStatus(send('POST', system.plainUrl, undefined, bodyFor(ALLOWED_SERVICE)), 201);
  const allowed = () => system.ingest(ALLOWED_SERVICE);
  const cold = await byTurns(rounds * 2, {
    plain: async () => (await timed(plain)).ms,
    allowed: async () => (await timed(allowed)).ms,
  });
  for (const call of [plain, allowed]) await inFlight(WARM_UP, WIDTH, call);
  const warm = await inBlocks(TURNS, rounds, { plain, allowed });
  const burst = { plain: 0, allowed: 0 };
  for (let turn = 0; turn < TURNS; turn++) {
    burst.plain += await inFlight(rounds * BURST, WIDTH, plain);
    burst.allowed += await inFlight(rounds * BURST, WIDTH, allowed);
  }

  const claimed = () => system.ingestClaimed(ALLOWED_SERVICE);
  await inFlight(WARM_UP, WIDTH, claimed);
  const claims = await inBlocks(TURNS, rounds, { allowed, claimed });

  const held: { id: string; payload_digest: string }[] = [];
  const waits = new Map<string, () => void>();
  const waiting = new Set<string>();
  const stream = await follow(`${system.api_url}/events`, system.agent_api_key, 'held', (id) => {
    waiting.add(id);
    waits.get(id)?.();
  });
  const untilWaiting: number[] = [];
  const bare: { input: ApprovalInput; decision: DecisionRef }[] = [];
  const started = await byTurns(rounds, {
    bare: async () => {
      const input = await system.prepare('bare');
      const { ms } = await timed(() => system.start('bare', input));
      bare.push({ input, decision: await system.decisionFor('bare', input) });
      return ms;
    },
    held: async () => {
      const sent = performance.now();
      const { ms, result } = await timed(() => system.ingest(HELD_SERVICE));
      held.push(result);
      if (!waiting.has(result.id)) await new Promise<void>((resolve) => waits.set(result.id, resolve));
      untilWaiting.push(performance.now() - sent);
      return ms;
    },
  });
  stream.stop();
  await pause(500);
  // Wait for background work, which the next part would measure.
  await inFlight(held.length, 10, (i) => system.decideByHttp(held[i]!.id, held[i]!.payload_digest));
  await inFlight(bare.length, 10, (i) => system.decide('bare', bare[i]!.input, bare[i]!.decision));

  const perSecond = (ms: number) => (TURNS * rounds * BURST * 1_000) / ms;
  return [
    {
      case: 'ingest, allowed',
      measure: 'p50, beside a plain insert route, right after the start',
      value: p50(cold.allowed),
      unit: 'ms',
      baseline: p50(cold.plain),
    },
    {
      case: 'ingest, allowed',
      measure: 'p50, warm, in blocks',
      value: p50(warm.allowed),
      unit: 'ms',
      baseline: p50(warm.plain),
      budget: { ratio: 1.3 },
    },
    {
      case: 'ingest, allowed',
      measure: 'p95, warm, in blocks',
      value: p95(warm.allowed),
      unit: 'ms',
      baseline: p95(warm.plain),
    },
    {
      case: 'ingest, allowed',
      measure: `a second, warm, ${WIDTH} in flight`,
      value: perSecond(burst.allowed),
      unit: 'requests/s',
      baseline: perSecond(burst.plain),
      budget: { atLeast: 0.8 },
    },
    {
      case: 'ingest, allowed and claimed',
      measure: 'p50, beside the same without a claim',
      value: p50(claims.claimed),
      unit: 'ms',
      baseline: p50(claims.allowed),
      budget: { ratio: 1.05 },
    },
    {
      case: 'ingest, held',
      measure: 'p50, beside workflow.start',
      value: p50(started.held),
      unit: 'ms',
      baseline: p50(started.bare),
      budget: { ratio: 2 },
    },
    {
      case: 'ingest, held',
      measure: 'until its workflow is started p50, beside workflow.start',
      value: p50(untilWaiting),
      unit: 'ms',
      baseline: p50(started.bare),
    },
    {
      case: 'ingest, held',
      measure: 'p95, beside workflow.start',
      value: p95(started.held),
      unit: 'ms',
      baseline: p95(started.bare),
    },
  ];
}
