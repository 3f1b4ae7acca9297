import type { ScreenStats } from './history/stats.ts';
import type { Parsers } from './parsing/parsers.ts';

/** Services of the host program. All are optional; a missing one never counts as harmless. */
export interface ScreenDeps {
  /** Loaded once by the composition root. */
  parsers?: Parsers;
  /** Earlier calls, for the guardrails that count. */
  stats?: ScreenStats;
}
