import type { Screening } from '../../contracts/verdict.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ScreenDeps } from '../../domain/firewall/screen-deps.ts';
import { type Screener, screenHere } from '../../domain/firewall/screener.ts';
import { createThreadPool, type JobKind, programOf, type ThreadOptions } from './pool.ts';

/** The large-body worker lets at most twenty requests of a key wait. */
const SCREEN: JobKind = { program: programOf('runtime/threads/screen'), ms: 2_000, heapMb: 256, maxOfKey: 20 };
/** A way to the thread and back costs an eighth of an allowed ingest, so smaller calls are screened here: each parser bounds its work. */
const MAX_HERE = 16 * 1024;

export interface ScreenThreads {
  screen: Screener;
  end(): Promise<void>;
}

/**
 * Screens calls of more than 16 KB on threads that are ended after 2 s or 256 MB. The attacker has an agent's key and searches for the payload
 * that costs most: it costs this thread nothing, and its request is held.
 */
export function createScreener(deps: ScreenDeps, options: ThreadOptions = {}): ScreenThreads {
  const pool = createThreadPool(SCREEN, options);
  const here = screenHere(deps);
  return {
    async screen(key_id, action, context, policy, of) {
      const call = JSON.stringify({ action, context });
      if (call.length <= MAX_HERE) return here(key_id, action, context, policy, of);
      const outcome = await pool.run(
        key_id,
        of ? JSON.stringify({ action, context, of }) : call,
        JSON.stringify(policy),
      );
      if ('output' in outcome) return JSON.parse(outcome.output) as Screening;
      if ('stopped' in outcome) return undefined;
      throw new DomainError(
        'rate_limited',
        'This large payload was not screened, and nothing was recorded: too many others wait, or an earlier one of this key took too long.',
        { retry_after: outcome.refused },
      );
    },
    end: () => pool.end(),
  };
}
