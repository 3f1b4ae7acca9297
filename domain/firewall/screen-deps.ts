import type { ScreenStats } from './history/stats.ts';
import type { Parsers } from './parsing/parsers.ts';

/** What the host program provides. All of it is optional, and what is missing never counts as harmless. */
export interface ScreenDeps {
  /** Loaded once by the composition root. */
  parsers?: Parsers;
  /** Earlier calls, for the guardrails that count. */
  stats?: ScreenStats;
}
