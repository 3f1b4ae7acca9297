import type { ServerResponse } from 'node:http';
import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import type { LimitedBy, Quota } from '../../domain/limits/limits.ts';
import { allowance, secondsUntil } from '../../domain/limits/token-bucket.ts';
import type { SharedBucket, SharedBuckets } from './shared-buckets.ts';

/** Counts a request of this caller, and writes how many are left. @throws DomainError `rate_limited` */
export type RequestLimit = (principal: Pick<Principal, 'key_id' | 'project_id'>, res: ServerResponse) => void;

const WHOSE = { key: 'this key', project: 'this project' } as const;

/**
 * Requests a minute, per key and per project. A refused request takes nothing, so a key above its own limit does not use up that of its
 * project. The headers are those of draft-ietf-httpapi-ratelimit-headers: the policies, and what is left of the one that is nearer.
 */
export function createRequestLimit(
  { per_key, per_project }: Quota,
  buckets: SharedBuckets,
  onRefused: (by: LimitedBy) => void,
): RequestLimit {
  const limits = [
    { by: 'key', per_minute: per_key, ...allowance(per_key) },
    { by: 'project', per_minute: per_project, ...allowance(per_project) },
  ] as const;
  const limited = limits.filter(({ per_minute }) => Number.isFinite(per_minute));
  const policy = limited
    .map(({ by, burst, per_ms }) => `"${by}";q=${burst};w=${Math.ceil(burst / per_ms / 1_000)}`)
    .join(', ');
  const nameOf = (by: 'key' | 'project', { key_id, project_id }: Pick<Principal, 'key_id' | 'project_id'>) =>
    by === 'key' ? `${project_id} ${key_id}` : project_id;

  return (principal, res) => {
    let nearest: { by: 'key' | 'project'; per_minute: number; bucket: SharedBucket } | undefined;
    const taken: SharedBucket[] = [];
    for (const { by, per_minute, burst, per_ms } of limited) {
      const bucket = buckets.of(nameOf(by, principal), { burst, per_ms });
      taken.push(bucket);
      if (!nearest || bucket.tokens < nearest.bucket.tokens) nearest = { by, per_minute, bucket };
    }
    if (!nearest) return;
    const { by, per_minute, bucket } = nearest;
    const isRefused = bucket.tokens < 1;
    if (!isRefused) for (const one of taken) buckets.take(one);
    res.setHeader('RateLimit-Policy', policy);
    res.setHeader(
      'RateLimit',
      `"${by}";r=${Math.max(0, Math.floor(bucket.tokens))};t=${secondsUntil(bucket, bucket.burst)}`,
    );
    if (!isRefused) return;
    onRefused(by);
    throw new DomainError(
      'rate_limited',
      `More than ${per_minute.toLocaleString('en')} requests a minute came from ${WHOSE[by]}.`,
      { retry_after: Math.max(1, secondsUntil(bucket, 1)) },
    );
  };
}
