import type { CancelAnswer, ResolutionView } from '../../contracts/approval-request.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { ApprovalWorkflows } from '../../domain/approval/approval-workflows.ts';
import type { CancellationStore, RequestReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { decisionAnswer, resolutionSentence } from './views.ts';

export interface CancelDeps {
  requests: RequestReader;
  cancellations: CancellationStore;
  workflows: Pick<ApprovalWorkflows, 'cancel'>;
}

/**
 * Cancels a request: its row is written before its workflow is notified, which closes it. A decision that came first is final, and is the answer.
 * Without a live worker the cancellation takes effect later: 202.
 */
export const createCancel =
  ({ requests, cancellations, workflows }: CancelDeps) =>
  async (principal: Principal, request_id: string): Promise<{ status: 200 | 202; body: CancelAnswer }> => {
    const { project_id } = principal;
    const view = await requests.view(project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    if (view.resolution) return answerWith(request_id, view.resolution);
    if (!(await cancellations.recordCancellation(project_id, request_id, principal.owner)))
      throw new DomainError('expired', 'The deadline has passed: the request expires.');

    if ((await workflows.cancel(view.request)) === 'unavailable')
      throw new DomainError(
        'temporal_unavailable',
        'Temporal does not answer. The cancellation is recorded but not yet effective; try again.',
        {
          retry_after: 2,
        },
      );
    const resolution = (await requests.view(project_id, request_id))?.resolution;
    return resolution ? answerWith(request_id, resolution) : { status: 202, body: { id: request_id, outcome: null } };
  };

function answerWith(id: string, resolution: ResolutionView): { status: 200; body: CancelAnswer } {
  if (resolution.outcome.status === 'cancelled') return { status: 200, body: { id, outcome: resolution.outcome } };
  throw new DomainError('not_pending', resolutionSentence(resolution), { standing: decisionAnswer(resolution) });
}
