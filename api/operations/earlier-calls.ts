import { setImmediate } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Policy } from '../../contracts/policy.ts';
import type { RecordedReader } from '../../domain/approval/ports.ts';
import type { PastAction, ScreenStats } from '../../domain/firewall/history/stats.ts';
import { historyWindow } from '../../domain/firewall/history-window.ts';
import { pastAction } from '../../domain/firewall/past-action.ts';

/** Each call has to be unsealed. Above this number none are counted, and a limit that cannot be checked holds the action. */
const MAX_CALLS = 500;

/** Time for reading what is not cached. */
const MAX_MS = 2_000;
/** A request never changes, so what is kept of it is computed once for a policy; a policy is one object while it is in force. */
const KEPT = new WeakMap<Policy, LRUCache<string, PastAction>>();
const MAX_KEPT = 2_000;

/** The history for the guardrails that count; undefined when the policy has none, or its calls are too many to count take too long, or were removed. */
export async function screenStats(
  store: RecordedReader,
  project_id: string,
  policy: Policy,
  agent: string,
): Promise<ScreenStats | undefined> {
  const since_ms = historyWindow(policy);
  if (since_ms === undefined) return undefined;
  const earlier = await store.recorded(project_id, { since_ms, limit: MAX_CALLS + 1 });
  if (earlier.length > MAX_CALLS) return undefined;
  const kept = KEPT.get(policy) ?? new LRUCache<string, PastAction>({ max: MAX_KEPT });
  KEPT.set(policy, kept);
  const past: PastAction[] = [];
  const until = performance.now() + MAX_MS;
  for (const call of earlier) {
    if (call.payload_removed_at) return undefined; // its retention time is shorter than the window
    const { id, service, action, payload, requested_by, created_at } = call;
    let one = kept.get(id);
    if (!one) {
      // Other calls go on meanwhile: an agent can have five hundred calls of the size that costs most.
      await setImmediate();
      if (performance.now() > until) return undefined;
      one = pastAction({ service, action, payload }, created_at.getTime(), requested_by, policy);
      kept.set(id, one);
    }
    past.push(one);
  }
  // The rows carry the database's clock, which may be ahead of ours.
  const now_ms = Math.max(Date.now(), past[0]?.at_ms ?? 0);
  return { now_ms, agent, past: past.reverse() };
}
