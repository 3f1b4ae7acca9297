import type { ClaimEnd, PermitAnswer } from '../../contracts/permit.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { PermitStore } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Log } from '../ports.ts';
import { isClaimOf, tokenHash } from './claim-permit.ts';
import { assertSeen, unknownRequest } from './permit-refusals.ts';

/**
 * How a claim ended, by the word of its claimant, who proves itself by the token. Once; a repeat of the same word is answered again. A
 * claimant that was slow may still report, until a person closes its claim or another claim takes over.
 */
export const createEndClaim =
  ({ permits, log }: { permits: PermitStore; log: Log }) =>
  async (principal: Principal, request_id: string, ended: ClaimEnd, token: string): Promise<PermitAnswer> => {
    const token_sha256 = tokenHash(token);
    const done = await permits.locked(principal.project_id, request_id, async (permit) => {
      const { view, now } = permit;
      assertSeen(principal, view);
      const claim = view.claims.findLast((one) => isClaimOf(one, token_sha256));
      if (!claim) return new DomainError('claim_lost', 'No claim of this request has this token.');
      const isNewest = claim === view.claims.at(-1);
      if (claim.ended !== null) {
        if (claim.ended === ended) return { id: request_id, permit: permitOf(view.claims.at(-1), now) };
        return new DomainError('claim_ended', `This claim ended before, as ${claim.ended}.`, {
          permit: permitOf(claim, now),
        });
      }
      if (!isNewest || (claim.closed_as !== null && claim.closed_as !== ended)) {
        const mayHaveRunTwice = ended !== 'not_run' && (!isNewest || claim.closed_as === 'not_run');
        if (mayHaveRunTwice) {
          log.error({ request_id }, 'alarm: a claim that was closed or taken over reports its result');
          await permit.incident('claim_overtaken', principal.owner);
        }
        return new DomainError(
          'claim_lost',
          isNewest
            ? `${claim.closed_by} closed this claim as ${claim.closed_as}.`
            : 'Another claim has taken over from this one.',
          { permit: permitOf(view.claims.at(-1), now) },
        );
      }
      const written = { ...claim, ended, ended_at: now };
      await permit.update(written);
      if (ended === 'failed') {
        log.error({ request_id }, 'alarm: a claimed action has no known result');
        await permit.incident('permit_unknown', principal.owner);
      }
      return { id: request_id, permit: permitOf(written, now) };
    });
    if (!done) throw unknownRequest();
    if (done instanceof DomainError) throw done; // after the commit: its incident is kept
    return done;
  };
