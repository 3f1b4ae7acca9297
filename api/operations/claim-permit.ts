import type { Claim, ClaimAnswer, ClaimBody } from '../../contracts/permit.ts';
import type { Policy, PolicyVersion } from '../../contracts/policy.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { withPayload } from '../../domain/approval/kept-payload.ts';
import { type ClaimRecord, mayClaim, UNKNOWN_AFTER_MS } from '../../domain/approval/permit.ts';
import type { OpenRequestStore, PermitStore, RequestReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { routeOf } from '../../domain/firewall/policy/policy.ts';
import type { Screener } from '../../domain/firewall/screener.ts';
import type { PolicyStore } from '../../domain/policy/ports.ts';
import { type ApprovedView, assertSeen, isApproved, notApproved, taken, unknownRequest } from './permit-refusals.ts';
import { recheckRefusal } from './recheck-permit.ts';

export interface ClaimDeps {
  permits: PermitStore;
  opening: Pick<OpenRequestStore, 'screeningBasis'>;
  policies: Pick<PolicyStore, 'policy'>;
  requests: RequestReader;
  screen: Screener;
}

/** More than one is needed only while the policy is being changed. */
const MAX_ATTEMPTS = 5;

export const tokenHash = (token: string): Uint8Array => sha256(Buffer.from(token));

/** A new claim of this caller. Its token is the caller's secret, so the row has only its hash. */
export const newClaim = (
  principal: Principal,
  given: Pick<ClaimRecord, 'request_id' | 'attempt' | 'payload_digest' | 'token_sha256' | 'retryable'>,
  now: Date,
): ClaimRecord => ({
  ...given,
  claimed_by: principal.owner,
  key_id: principal.key_id,
  claimed_at: now,
  unknown_after: new Date(now.getTime() + UNKNOWN_AFTER_MS),
  ended: null,
  ended_at: null,
  closed_as: null,
  closed_by: null,
  closed_at: null,
});

export const isClaimOf = (claim: ClaimRecord | undefined, token_sha256: Uint8Array): claim is ClaimRecord =>
  claim !== undefined && claim.token_sha256 !== null && Buffer.from(token_sha256).equals(claim.token_sha256);

export const claimView = ({ attempt, token_sha256, claimed_by, claimed_at, unknown_after }: ClaimRecord): Claim => ({
  attempt,
  token_sha256: Buffer.from(token_sha256 ?? []).toString('hex'),
  claimed_by,
  claimed_at: claimed_at.toISOString(),
  unknown_after: unknown_after.toISOString(),
});

/**
 * Claims the permit of an approved request, before its effect. Of any number of callers one gets it, and the others are refused before
 * they act. A repeat with the same token gets the same claim: its answer was lost.
 */
export const createClaimPermit =
  ({ permits, opening, policies, requests, screen }: ClaimDeps) =>
  async (
    principal: Principal,
    request_id: string,
    { payload_digest, retryable }: ClaimBody,
    token: string,
  ): Promise<ClaimAnswer> => {
    const { project_id } = principal;
    const token_sha256 = tokenHash(token);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const inForce =
        attempt === 1 ? (await opening.screeningBasis(project_id)).inForce : await policies.policy(project_id);
      const isFresh = attempt > 1;
      const rechecked = await recheck(inForce);
      if (rechecked && !isFresh) continue; // the policy that refuses is read again
      if (rechecked) throw rechecked;
      const claimed = await permits.locked(project_id, request_id, async (permit) => {
        const { view, now } = permit;
        assertSeen(principal, view);
        if (!isApproved(view)) throw notApproved(view);
        withPayload(view.request);
        if (payload_digest !== view.resolution.payload_digest)
          throw new DomainError(
            'digest_mismatch',
            'This is not the digest of the approved payload. Nothing was claimed.',
          );
        const newest = view.claims.at(-1);
        if (isClaimOf(newest, token_sha256) && newest.ended === null && newest.closed_as === null) return newest;
        if (!mayClaim(newest, now, retryable, true)) throw taken(permit);
        const refusal = refusedBy(inForce.policy, view, now);
        if (refusal && !isFresh) return 'policy_changed'; // as above
        if (refusal) throw refusal;
        const claim = newClaim(
          principal,
          { request_id, attempt: (newest?.attempt ?? 0) + 1, payload_digest, token_sha256, retryable },
          now,
        );
        return (await permit.claim(claim, inForce.version)) ? claim : 'policy_changed';
      });
      if (!claimed) throw unknownRequest();
      if (claimed !== 'policy_changed') return { id: request_id, payload_digest, claim: claimView(claimed) };
    }
    throw new DomainError(
      'policy_changing',
      'The policy changed during each attempt to claim this permit. Nothing was claimed; try again.',
      { retry_after: 1 },
    );

    /** Before the permit is locked: what was approved does not change, and a screening may wait for its turn. */
    async function recheck({ policy, version }: PolicyVersion): Promise<DomainError | undefined> {
      if (![policy, ...policy.routes].some(({ permit }) => permit?.recheck)) return undefined;
      const view = await requests.view(project_id, request_id);
      if (!view) throw unknownRequest();
      assertSeen(principal, view);
      if (!isApproved(view)) throw notApproved(view);
      const { request, resolution } = view;
      if (!routeOf(policy, request.service, request.action).permit?.recheck) return undefined;
      const shown = resolution.outcome.modified
        ? await permits.patchFindings(project_id, request_id, resolution.payload_digest)
        : [];
      return recheckRefusal(view, shown, policy, version, screen);
    }

    function refusedBy(policy: Policy, view: ApprovedView, now: Date): DomainError | undefined {
      const { permit: rules = {} } = routeOf(policy, view.request.service, view.request.action);
      if (!mayClaim(view.claims.at(-1), now, retryable, rules.retry !== 'refuse')) return taken({ view, now });
      const age = now.getTime() - Date.parse(view.resolution.decided_at);
      if (rules.expires_in_ms === undefined || age <= rules.expires_in_ms) return undefined;
      return new DomainError(
        'permit_expired',
        `This permit is older than the policy allows (${rules.expires_in_ms} ms). The approval stands; request the action again.`,
      );
    }
  };
