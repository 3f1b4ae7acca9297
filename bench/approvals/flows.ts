import type { ApprovalInput, DecisionRef } from '../../contracts/workflow.ts';
import type { Measured } from '../row.ts';
import { ALLOWED_SERVICE, type BenchSystem, type Flow } from './bench-system.ts';
import { countsOf } from './history.ts';
import { byTurns, p50, p95, timed } from './timing.ts';

const FLOWS: Flow[] = ['bare', 'ours', 'regular'];
const NAMES: Record<string, string> = { ours: 'held', regular: 'held, settle regular' };
const SETTLED_MS = 100;

/** The same wait on one server: the bare workflow, ours, and ours with `settle` through the server's queue. */
export async function flows(system: BenchSystem, rounds: number): Promise<Measured[]> {
  const open = new Map<string, { input: ApprovalInput; decision: DecisionRef }>();
  const starting = (flow: Flow) => async (round: number) => {
    const input = await system.prepare(flow);
    const { ms } = await timed(() => system.start(flow, input));
    open.set(`${flow} ${round}`, { input, decision: await system.decisionFor(flow, input) });
    return ms;
  };
  const starts = await byTurns(rounds, {
    bare: starting('bare'),
    ours: starting('ours'),
    regular: starting('regular'),
  });
  await new Promise((resolve) => setTimeout(resolve, 20 * SETTLED_MS)); // all first tasks are done, so decisions reach waiting workflows
  const deciding = (flow: Flow) => async (round: number) => {
    const { input, decision } = open.get(`${flow} ${round}`)!;
    return (await timed(() => system.decide(flow, input, decision))).ms;
  };
  const decisions = await byTurns(rounds, {
    bare: deciding('bare'),
    ours: deciding('ours'),
    regular: deciding('regular'),
  });

  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const counts = Object.fromEntries(
    await Promise.all(
      FLOWS.map(
        async (flow) =>
          [flow, await countsOf(system.client, system.workflowId(flow, open.get(`${flow} 0`)!.input))] as const,
      ),
    ),
  );
  const bare = counts['bare']!;
  const rows: Measured[] = [];
  for (const flow of ['ours', 'regular'] as const) {
    const { events, actions } = counts[flow]!;
    const isOurs = flow === 'ours';
    const name = NAMES[flow]!;
    rows.push(
      {
        case: name,
        measure: 'history events',
        value: events,
        unit: 'events',
        baseline: bare.events,
        ...(isOurs && { budget: { value: 15 } }),
      },
      {
        case: name,
        measure: 'billable Actions',
        value: actions,
        unit: 'Actions',
        baseline: bare.actions,
        ...(isOurs && { budget: { value: 5 } }),
      },
      { case: name, measure: 'start p50', value: p50(starts[flow]), unit: 'ms', baseline: p50(starts.bare) },
      { case: name, measure: 'start p95', value: p95(starts[flow]), unit: 'ms', baseline: p95(starts.bare) },
      { case: name, measure: 'Update p50', value: p50(decisions[flow]), unit: 'ms', baseline: p50(decisions.bare) },
      { case: name, measure: 'Update p95', value: p95(decisions[flow]), unit: 'ms', baseline: p95(decisions.bare) },
    );
  }
  const { id } = await system.ingest(ALLOWED_SERVICE);
  const allowed = await countsOf(system.client, `approval/${id}`);
  rows.push(
    {
      case: 'allowed',
      measure: 'history events',
      value: allowed.events,
      unit: 'events',
      baseline: bare.events,
      budget: { value: 0 },
    },
    {
      case: 'allowed',
      measure: 'billable Actions',
      value: allowed.actions,
      unit: 'Actions',
      baseline: bare.actions,
      budget: { value: 0 },
    },
  );
  return rows;
}
