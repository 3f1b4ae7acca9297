import type { ClosePermitBody, PermitAnswer } from '../../contracts/permit.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { PermitStore } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { assertSeen, unknownRequest } from './permit-refusals.ts';

/**
 * A person who has looked says whether a claimed action ran: `done`, or `not_run`, and the permit is free again. Only where the result is
 * unknown, and never the owner of the request: closing as `not_run` permits another run.
 */
export const createClosePermit =
  ({ permits }: { permits: PermitStore }) =>
  async (principal: Principal, request_id: string, { closed_as, attempt }: ClosePermitBody): Promise<PermitAnswer> => {
    const closed = await permits.locked(principal.project_id, request_id, async (permit) => {
      const { view, now } = permit;
      assertSeen(principal, view);
      if (isSameOwner(principal.owner, view.request.requested_by))
        throw new DomainError('own_request', 'You asked for this yourself: somebody else has to close it.');
      const claim = view.claims.at(-1);
      const answer = (of: typeof claim): PermitAnswer => ({ id: request_id, permit: permitOf(of, now) });
      if (claim?.attempt === attempt && claim.closed_as === closed_as && claim.closed_by === principal.owner)
        return answer(claim);
      const { state } = permitOf(claim, now);
      if (!claim || state !== 'unknown' || claim.attempt !== attempt)
        throw new DomainError(
          'permit_not_unknown',
          claim && claim.attempt !== attempt
            ? `This permit was claimed again: attempt ${claim.attempt}, ${state}.`
            : `This permit is ${state}: only an unknown result can be closed.`,
          { permit: permitOf(claim, now) },
        );
      const written = { ...claim, closed_as, closed_by: principal.owner, closed_at: now };
      await permit.update(written);
      return answer(written);
    });
    if (!closed) throw unknownRequest();
    return closed;
  };
