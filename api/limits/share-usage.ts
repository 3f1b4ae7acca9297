import type { UsageStore } from '../../domain/limits/ports.ts';
import { spend } from '../../domain/limits/token-bucket.ts';
import type { SharedBuckets } from './shared-buckets.ts';

const EVERY_MS = 250;

export interface Sharing {
  /** One exchange with the other processes; at most one runs. */
  exchange(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Each process enforces the whole limit by itself. One statement each 250 ms tells the others what was used here, and takes what they used
 * from the buckets here: no call waits for it, and its cost does not grow with the calls. So all processes together let pass at most what
 * the limit says, one burst per process, and what arrives between two exchanges. While the database is away, each goes on by itself.
 */
export function shareUsage(store: UsageStore, groups: readonly SharedBuckets[]): Sharing {
  let running: Promise<void> | undefined;

  async function once(): Promise<void> {
    const open = groups.flatMap((group) => group.open());
    if (open.length === 0) return;
    const told = open.map((bucket) => ({ id: bucket.id, used: bucket.unreported }));
    for (const bucket of open) bucket.unreported = 0;
    let totals: Map<string, number>;
    try {
      totals = new Map((await store.add(told)).map(({ id, used }) => [id.toString('hex'), used]));
    } catch {
      for (const [at, bucket] of open.entries()) bucket.unreported += told[at]!.used;
      return;
    }
    for (const [at, bucket] of open.entries()) {
      const total = totals.get(bucket.id.toString('hex'));
      if (total === undefined) continue;
      // Less than before: the table was emptied by a crash of the database.
      const ofOthers = bucket.total === undefined ? 0 : total - bucket.total - told[at]!.used;
      bucket.total = total;
      if (ofOthers > 0) spend(bucket, ofOthers);
    }
  }

  const exchange = () => {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(exchange, EVERY_MS);
  timer.unref();
  return {
    exchange,
    async end() {
      clearInterval(timer);
      await running;
    },
  };
}
