import type { ScreenStats } from './history/stats.ts';
import type { Parsers } from './parsing/parsers.ts';

/** What the host program brings along: nothing of it is needed, and what is missing is never taken for harmless. */
export interface ScreenDeps {
  /** Loaded once by the composition root. */
  parsers?: Parsers;
  /** Earlier calls, for the guardrails that count. */
  stats?: ScreenStats;
}
