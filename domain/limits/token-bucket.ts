/** A bucket fills at this rate, up to its burst. */
export interface Allowance {
  readonly per_ms: number;
  readonly burst: number;
}

const MINUTE_MS = 60_000;
/** A burst is what fills in six seconds, and of a small limit up to sixty at once. */
const BURST_SHARE = 0.1;
const SMALL_BURST = 60;

export const allowance = (per_minute: number): Allowance => ({
  per_ms: per_minute / MINUTE_MS,
  burst: Math.ceil(Math.max(per_minute * BURST_SHARE, Math.min(per_minute, SMALL_BURST))),
});

export interface Bucket extends Allowance {
  /** Below zero when other processes used more than was left. */
  tokens: number;
  /** When `tokens` was true, in ms of a monotonic clock. */
  at: number;
}

export const fullBucket = ({ per_ms, burst }: Allowance, now: number): Bucket => ({
  per_ms,
  burst,
  tokens: burst,
  at: now,
});

export function refill(bucket: Bucket, now: number): void {
  bucket.tokens = Math.min(bucket.burst, bucket.tokens + (now - bucket.at) * bucket.per_ms);
  bucket.at = now;
}

/** Takes `count` tokens. The debt is at most one burst: after an outage of the database nobody waits longer than that takes to fill. */
export function spend(bucket: Bucket, count: number): void {
  bucket.tokens = Math.max(-bucket.burst, bucket.tokens - count);
}

/** Seconds until the bucket holds this many tokens. */
export const secondsUntil = ({ tokens, per_ms }: Bucket, wanted: number): number =>
  Math.max(0, Math.ceil((wanted - tokens) / per_ms / 1_000));
