import type { Refusal } from '../../domain/approval/approval.ts';
import { DomainError } from '../../domain/errors.ts';

/** The caller's answer to each reason why a decision does not count, found by the api or by the workflow. */
export const REFUSED: Record<Refusal, () => DomainError> = {
  malformed: () => new DomainError('invalid_request', 'The workflow could not read the decision.'),
  not_pending: () => new DomainError('not_pending', 'Another decision on this request is being recorded.'),
  expired: () => new DomainError('expired', 'The deadline has passed: the request expires.'),
  patch_in_progress: () =>
    new DomainError('patch_in_progress', 'Another patch of this request is being screened. Try again in a moment.', {
      retry_after: 1,
    }),
  patch_refused: () =>
    new DomainError('patch_refused', 'The firewall refuses the patched payload. The request is still open.'),
  own_request: () => new DomainError('own_request', 'You asked for this yourself: somebody else has to decide.'),
  not_recorded: () =>
    new DomainError('internal', 'The stored decision does not support what was sent. Nothing was decided.'),
  own_patch: () => new DomainError('own_patch', 'You made this patch yourself: somebody else has to approve it.'),
  payload_changed: () =>
    new DomainError(
      'payload_changed',
      'The payload is not the one that was shown. Read the request again and decide on its payload_digest.',
    ),
};
