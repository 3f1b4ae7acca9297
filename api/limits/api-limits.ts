import type { LimitedBy, LimitName, Limits } from '../../domain/limits/limits.ts';
import type { AccessLimits } from '../middleware/authenticate.ts';
import { createInUse, type InUse } from './in-use.ts';
import { type CountPending, createPendingLimit, type PendingLimit } from './pending-limit.ts';
import { createRequestLimit } from './request-limit.ts';
import { createSharedBuckets, type SharedBuckets } from './shared-buckets.ts';
import { createSignIns } from './sign-ins.ts';
import { createTurns } from './turns.ts';

/** Every limit of one process. */
export interface ApiLimits extends AccessLimits {
  pending: PendingLimit;
  streams: InUse;
  heldReads: InUse;
  uploads: InUse;
  /** What is shared with other processes (`share-usage.ts`). */
  buckets: readonly SharedBuckets[];
}

export function createApiLimits(
  limits: Limits,
  countPending: CountPending,
  onRefused: (limit: LimitName, by: LimitedBy) => void,
): ApiLimits {
  const [ofRequests, ofFailures] = [createSharedBuckets('requests'), createSharedBuckets('failed sign-ins')];
  const refused = (limit: LimitName) => (by: LimitedBy) => onRefused(limit, by);
  return {
    requests: createRequestLimit(limits.requests, ofRequests, refused('requests')),
    signIns: createSignIns(limits.failed_sign_ins, ofFailures, refused('failed_sign_ins')),
    turns: createTurns(),
    pending: createPendingLimit(limits.pending, countPending, refused('pending')),
    streams: createInUse(limits.streams, refused('streams')),
    heldReads: createInUse(limits.held_reads, refused('held_reads')),
    uploads: createInUse(limits.uploads, refused('uploads')),
    buckets: [ofRequests, ofFailures],
  };
}
