import type { Policy } from '../../contracts/policy.ts';
import type { RecordedReader } from '../../domain/approval/ports.ts';
import type { ScreenStats } from '../../domain/firewall/history/stats.ts';
import { historyWindow } from '../../domain/firewall/history-window.ts';
import { pastAction } from '../../domain/firewall/past-action.ts';

/** Each call has to be unsealed. Above this number none are counted, and a limit that cannot be checked holds the action. */
const MAX_CALLS = 500;

/** The history for the guardrails that count; undefined when the policy has none, or when there are too many calls to count. */
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
  const past = earlier.map(({ service, action, payload, requested_by, created_at }) =>
    pastAction({ service, action, payload }, created_at.getTime(), requested_by, policy),
  );
  // The rows carry the database's clock, which may be ahead of ours.
  const now_ms = Math.max(Date.now(), past[0]?.at_ms ?? 0);
  return { now_ms, agent, past: past.reverse() };
}
