import { hash } from 'node:crypto';
import { type Allowance, type Bucket, fullBucket, refill, spend } from '../../domain/limits/token-bucket.ts';

export interface SharedBucket extends Bucket {
  /** Names the bucket in every process. */
  readonly id: Buffer;
  /** Taken here, and not yet told to the others. */
  unreported: number;
  /** What all processes had used at the last report. */
  total: number | undefined;
}

/** Token buckets of this process, by name. */
export interface SharedBuckets {
  /** The bucket as it is now. */
  of(name: string, allowance: Allowance): SharedBucket;
  take(bucket: SharedBucket): void;
  /** Those that are not full. A full one is forgotten, so memory is bounded by what was used within a few seconds. */
  open(): SharedBucket[];
}

/** An attacker with many addresses makes a bucket for each: the oldest are forgotten. */
const MAX_BUCKETS = 20_000;
const ID_BYTES = 16;

export function createSharedBuckets(kind: string, clock: () => number = () => performance.now()): SharedBuckets {
  const buckets = new Map<string, SharedBucket>();
  return {
    of(name, allowance) {
      const now = clock();
      const known = buckets.get(name);
      if (known) {
        refill(known, now);
        return known;
      }
      const id = hash('sha256', `${kind} ${name}`, 'buffer').subarray(0, ID_BYTES);
      const made = { ...fullBucket(allowance, now), id, unreported: 0, total: undefined };
      buckets.set(name, made);
      if (buckets.size > MAX_BUCKETS) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      return made;
    },
    take(bucket) {
      spend(bucket, 1);
      bucket.unreported += 1;
    },
    open() {
      const now = clock();
      for (const [name, bucket] of buckets) {
        refill(bucket, now);
        if (bucket.tokens >= bucket.burst && bucket.unreported === 0) buckets.delete(name);
      }
      return [...buckets.values()];
    },
  };
}
