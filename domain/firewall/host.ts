import type { Parsers } from './parsers.ts';
import type { ScreenStats } from './stats.ts';

/** What the host program brings along: nothing of it is needed, and what is missing is never taken for harmless. */
export interface ScreenHost {
  /** Loaded once by the composition root. */
  parsers?: Parsers;
  /** Earlier calls, for the guardrails that count. */
  stats?: ScreenStats;
}
