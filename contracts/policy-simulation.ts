import { z } from 'zod/v4';
import { Policy } from './policy.ts';
import { Span, spanMs } from './span.ts';
import { HeldBy, Verdict } from './verdict.ts';

/** How far back: `90min`, `24h`, `7d`. At most 400 days. */
export const Since = Span.refine((span) => spanMs(span) <= 400 * 86_400_000, 'at most 400 days');

/** Body of `POST /api/policy/simulate`. */
export const PolicySimulationBody = z
  .strictObject({ policy: Policy, since: Since })
  .meta({ id: 'PolicySimulationBody', title: 'PolicySimulationBody' });
export type PolicySimulationBody = z.infer<typeof PolicySimulationBody>;

const Counts = z.object({ allow: z.int(), hold: z.int(), block: z.int() });

/** A request whose verdict would have been different. */
export const SimulatedChange = z
  .object({
    id: z.string(),
    service: z.string(),
    action: z.string(),
    created_at: z.string(),
    was: Verdict,
    would_be: Verdict,
    held_by: HeldBy.nullable().meta({ description: 'Who would hold it' }),
    finding_ids: z.array(z.string()).meta({ description: 'What the guardrails would report' }),
  })
  .meta({ id: 'SimulatedChange', title: 'SimulatedChange' });
export type SimulatedChange = z.infer<typeof SimulatedChange>;

/** The verdicts of a policy on recorded requests. No payload and no evidence leaves the server. */
export const PolicySimulation = z
  .object({
    judged: z.int(),
    complete: z.boolean().meta({ description: 'Whether every request of the span was judged; else the newest were' }),
    was: Counts,
    would_be: Counts,
    changed: z.int(),
    changes: z.array(SimulatedChange).meta({ description: 'Newest first, at most 1000' }),
  })
  .meta({ id: 'PolicySimulation', title: 'PolicySimulation' });
export type PolicySimulation = z.infer<typeof PolicySimulation>;
