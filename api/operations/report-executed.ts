import type { ExecutedAnswer } from '../../contracts/approval-request.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { mayClaim } from '../../domain/approval/permit.ts';
import type { PermitStore } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Log } from '../ports.ts';
import { assertSeen, isApproved, notApproved, taken, unknownRequest } from './permit-refusals.ts';

/**
 * For callers that did not claim: claims the permit and ends the claim in one, after the effect. So nothing stops two of them from acting;
 * the second report is an incident, and so is one with a digest other than the approved one.
 */
export const createReportExecuted =
  ({ permits, log }: { permits: PermitStore; log: Log }) =>
  async (principal: Principal, request_id: string, payload_digest: string): Promise<ExecutedAnswer> => {
    const reported = await permits.locked(principal.project_id, request_id, async (permit) => {
      const { view, now } = permit;
      assertSeen(principal, view);
      if (!isApproved(view)) {
        log.error({ request_id }, 'alarm: execution reported without an approval');
        return notApproved(view);
      }
      if (payload_digest !== view.resolution.payload_digest) {
        log.error({ request_id }, 'alarm: another payload was executed than approved');
        await permit.incident('digest_mismatch', principal.owner);
        return new DomainError(
          'digest_mismatch',
          'This is not the digest of the approved payload. An incident was recorded.',
        );
      }
      const newest = view.claims.at(-1);
      if (!mayClaim(newest, now, false, false)) {
        await permit.incident('executed_twice', principal.owner);
        return taken(permit);
      }
      await permit.claim({
        request_id,
        attempt: (newest?.attempt ?? 0) + 1,
        payload_digest,
        claimed_by: principal.owner,
        key_id: principal.key_id,
        token_sha256: null,
        retryable: false,
        claimed_at: now,
        unknown_after: now,
        ended: 'done',
        ended_at: now,
        closed_as: null,
        closed_by: null,
        closed_at: null,
      });
      return { id: request_id, payload_digest, executed_at: now.toISOString() };
    });
    if (!reported) throw unknownRequest();
    if (reported instanceof DomainError) throw reported; // after the commit: its incident is kept
    return reported;
  };
