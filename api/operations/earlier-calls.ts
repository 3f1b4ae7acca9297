import type { Policy } from '../../contracts/policy.ts';
import { pastAction } from '../../domain/firewall/history/past.ts';
import type { ScreenStats } from '../../domain/firewall/history/stats.ts';
import { historyWindow } from '../../domain/firewall/history-window.ts';
import type { ReadEarlier } from '../ports.ts';

/** Each has to be opened and read: more than these are not counted, and a limit that cannot be kept holds. */
const MOST = 500;

/** What the guardrails that count are given; undefined when the policy has none, or when there is more than can be counted. */
export async function screenStats(
  policy: Policy,
  readEarlier: ReadEarlier,
  agent: string,
): Promise<ScreenStats | undefined> {
  const since_ms = historyWindow(policy);
  if (since_ms === undefined) return undefined;
  const earlier = await readEarlier({ since_ms, limit: MOST + 1 });
  if (earlier.length > MOST) return undefined;
  const past = earlier.map(({ service, action, payload, requested_by, created_at }) =>
    pastAction({ service, action, payload }, created_at.getTime(), requested_by),
  );
  // The rows carry the database's clock: what it wrote a moment ago is not in the future.
  const now_ms = Math.max(Date.now(), past[0]?.at_ms ?? 0);
  return { now_ms, agent, past: past.reverse() };
}
