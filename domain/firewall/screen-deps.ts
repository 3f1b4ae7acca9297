import type { ContextTrust } from '../../contracts/action.ts';
import type { ScreenStats } from './history/stats.ts';
import type { Parsers } from './parsing/parsers.ts';

/** Services of the host program. All are optional; a missing one never counts as harmless. */
export interface ScreenDeps {
  /** Loaded once by the composition root. */
  parsers?: Parsers;
  /** Earlier calls, for the guardrails that count. */
  stats?: ScreenStats;
  /** How far the action's context counts, as long as the policy does not forbid `full`. Absent: `tighten_only`. */
  context_trust?: ContextTrust;
}
