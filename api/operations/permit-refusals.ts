import { maySee, type Principal } from '../../domain/access/permissions.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { LockedPermit, RequestView } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';

/** A request whose approval stands. */
export type ApprovedView = RequestView & { resolution: NonNullable<RequestView['resolution']> };

export const unknownRequest = () => new DomainError('not_found', 'There is no such approval request.');

export const notApproved = ({ resolution }: RequestView) =>
  new DomainError(
    'not_approved',
    `This request is ${resolution?.outcome.status ?? 'still pending'}, so it must not run.`,
  );

/** @throws DomainError unless the caller may see the request */
export function assertSeen(principal: Principal, view: RequestView): void {
  if (!maySee(principal, view.request)) throw unknownRequest();
}

export const isApproved = (view: RequestView): view is ApprovedView => view.resolution?.outcome.status === 'approved';

/** Why a permit cannot be claimed that is neither free nor to be retried. The caller runs nothing. */
export function taken({ view, now }: Pick<LockedPermit, 'view' | 'now'>): DomainError {
  const newest = view.claims.at(-1);
  const permit = permitOf(newest, now);
  const { attempt, claimed_by, claimed_at, state } = permit;
  if (state === 'done')
    return new DomainError(
      'executed_already',
      newest?.token_sha256 === null
        ? 'The execution of this request was already reported. An approval allows one execution.'
        : 'This request was already executed. An approval allows one execution.',
      { permit },
    );
  if (state === 'unknown')
    return new DomainError(
      'permit_unknown',
      `The result of claim ${attempt}, by ${claimed_by} at ${claimed_at}, is unknown: the action may have run. A person closes it.`,
      { permit },
    );
  return new DomainError(
    'permit_claimed',
    `${claimed_by} claimed this permit at ${claimed_at} and has not reported the result. An approval allows one execution.`,
    { permit },
  );
}
