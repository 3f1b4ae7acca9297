import { setImmediate } from 'node:timers/promises';
import type { PolicySimulation, PolicySimulationBody } from '../../contracts/policy-simulation.ts';
import { spanMs } from '../../contracts/span.ts';
import type { RecordedReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { NO_PARSERS } from '../../domain/firewall/parsing/parsers.ts';
import type { ScreenDeps } from '../../domain/firewall/screen-deps.ts';
import { heldUnjudged, type Screener, screenHere } from '../../domain/firewall/screener.ts';
import { refuseBroken } from './put-policy.ts';

const MAX_SCREENED = 10_000;
const MAX_CHANGES = 1_000;
/** Payloads may be 4 MB each, and a batch must fit into memory. */
const BATCH = 20;
/** After this time the answer has what was screened so far. */
const MAX_MS = 20_000;

/**
 * Screens a project's recorded requests under another policy, newest first, and compares the verdicts. Bounded in requests and
 * in time. One simulation per project at a time; it yields to the event loop between two requests. Nothing is written.
 */
export function createSimulatePolicy(
  requests: RecordedReader,
  screenDeps: ScreenDeps = {},
  screen: Screener = screenHere(screenDeps),
) {
  const running = new Set<string>();

  return async (project_id: string, body: PolicySimulationBody): Promise<PolicySimulation> => {
    if (running.has(project_id))
      throw new DomainError('rate_limited', 'Another simulation of this project is running.', { retry_after: 5 });
    refuseBroken(body.policy, screenDeps.parsers ?? NO_PARSERS);
    running.add(project_id);
    try {
      return await simulate(project_id, body);
    } finally {
      running.delete(project_id);
    }
  };

  async function simulate(project_id: string, { policy, since }: PolicySimulationBody): Promise<PolicySimulation> {
    const deadline = Date.now() + MAX_MS;
    const answer: PolicySimulation = {
      judged: 0,
      complete: false,
      was: { allow: 0, hold: 0, block: 0 },
      would_be: { allow: 0, hold: 0, block: 0 },
      changed: 0,
      changes: [],
    };
    /** Payloads of the span were removed after the retention time. */
    let isPartial = false;
    let after: { created_at: Date; id: string } | undefined;
    for (;;) {
      const limit = Math.min(BATCH, MAX_SCREENED + 1 - answer.judged);
      const batch = await requests.recorded(project_id, { since_ms: spanMs(since), limit, after });
      for (const request of batch) {
        if (answer.judged === MAX_SCREENED || Date.now() > deadline) return answer;
        if (request.payload_removed_at) {
          isPartial = true;
          continue;
        }
        const { id, service, action, payload, context, context_trust, verdict: was, created_at } = request;
        const call = { service, action, payload };
        // A key for each request: one that has to be ended turns no other away.
        const { verdict, held_by, findings } =
          (await screen(`simulation of ${id}`, call, context, policy, context_trust && { context_trust })) ??
          heldUnjudged(policy, call);
        answer.judged += 1;
        answer.was[was] += 1;
        answer.would_be[verdict] += 1;
        if (verdict !== was) {
          answer.changed += 1;
          if (answer.changes.length < MAX_CHANGES)
            answer.changes.push({
              id,
              service,
              action,
              created_at: created_at.toISOString(),
              was,
              would_be: verdict,
              held_by: held_by ?? null,
              finding_ids: [...new Set(findings.map((finding) => finding.id))],
            });
        }
        await setImmediate();
      }
      const last = batch.at(-1);
      if (batch.length < limit || !last) return { ...answer, complete: !isPartial };
      after = { created_at: last.created_at, id: last.id };
    }
  }
}
