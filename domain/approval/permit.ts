import type { ClaimEnd, ClosedAs, Permit, PermitState } from '../../contracts/permit.ts';

/**
 * An approval is a permit for one effect, which is claimed before the effect. States, of the newest claim and the clock:
 *
 *   free ──claim──► claimed ──'done'─────► done
 *     ▲                │ ─────'not_run'──► not_run    free again: the next claim is the next attempt
 *     │                │ ─────'failed'───► unknown    it began, and nobody knows how far it came
 *     │                └── no word for 5 minutes ► unknown
 *     └── a person: 'not_run' ── unknown ── a person: 'done' ──► done
 *
 * No lease frees a permit: a process that was only slow would act beside its successor. An unknown result is claimed again only where
 * both claims say `retryable`: their effects use the request's id as their idempotency key.
 */
export interface ClaimRecord {
  request_id: string;
  /** 1, 2, … per request. */
  attempt: number;
  payload_digest: string;
  /** Owner of the key. */
  claimed_by: string;
  /** Null for an execution that a release without claims recorded. */
  key_id: string | null;
  /** Null where the execution was reported without a claim. */
  token_sha256: Uint8Array | null;
  retryable: boolean;
  claimed_at: Date;
  unknown_after: Date;
  /** The claimant's word. */
  ended: ClaimEnd | null;
  ended_at: Date | null;
  closed_as: ClosedAs | null;
  closed_by: string | null;
  closed_at: Date | null;
}

/** A claimant that says nothing for this long may have died in its effect. */
export const UNKNOWN_AFTER_MS = 5 * 60_000;

export function permitState(claim: ClaimRecord | undefined, now: Date): PermitState {
  if (!claim) return 'free';
  const ended = claim.closed_as ?? claim.ended;
  if (ended === 'done' || ended === 'not_run') return ended;
  return ended === 'failed' || now >= claim.unknown_after ? 'unknown' : 'claimed';
}

/** When what was approved has run; undefined while nobody says so. */
export const executedAt = (claim: ClaimRecord | undefined): Date | undefined =>
  claim?.closed_as === 'done'
    ? (claim.closed_at ?? undefined)
    : claim && claim.closed_as === null && claim.ended === 'done'
      ? (claim.ended_at ?? undefined)
      : undefined;

/** Whether the next claim may be made. `mayRetry`: the policy does not forbid it. */
export function mayClaim(newest: ClaimRecord | undefined, now: Date, retryable: boolean, mayRetry: boolean): boolean {
  const state = permitState(newest, now);
  if (state === 'free' || state === 'not_run') return true;
  return state === 'unknown' && newest?.retryable === true && retryable && mayRetry;
}

/** How far a permit has come: it never goes back. A lower number than one that was seen is an older state of the database. */
export const progressOf = (claim: ClaimRecord | undefined): number =>
  claim ? claim.attempt * 4 + (claim.closed_as !== null ? 2 : 0) + (claim.ended !== null ? 1 : 0) : 0;

const iso = (at: Date | null | undefined) => at?.toISOString() ?? null;

export const permitOf = (claim: ClaimRecord | undefined, now: Date): Permit => ({
  state: permitState(claim, now),
  attempt: claim?.attempt ?? 0,
  claimed_by: claim?.claimed_by ?? null,
  claimed_at: iso(claim?.claimed_at),
  retryable: claim?.retryable ?? false,
  unknown_after: iso(claim?.unknown_after),
  ended: claim?.ended ?? null,
  ended_at: iso(claim?.ended_at),
  closed_as: claim?.closed_as ?? null,
  closed_by: claim?.closed_by ?? null,
  closed_at: iso(claim?.closed_at),
});
