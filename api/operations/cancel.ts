import { WorkflowNotFoundError } from '@temporalio/client';
import type { CancelAnswer, ResolutionView } from '../../contracts/approval-request.ts';
import { approvalWorkflowId } from '../../contracts/workflow.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { RequestReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Client, WorkflowStarter } from '../ports.ts';
import { isUnavailable } from './temporal-errors.ts';
import { decisionAnswer, resolutionSentence } from './views.ts';

/**
 * Withdraws a request: its workflow is cancelled and closes it. A decision that came first stands and is told.
 * Without a live worker the withdrawal is asked for and takes effect later: 202.
 */
export const createCancel =
  ({
    requests,
    client,
    starter,
  }: {
    requests: RequestReader;
    client: Client;
    starter: Pick<WorkflowStarter, 'startApproval'>;
  }) =>
  async (principal: Principal, request_id: string): Promise<{ status: 200 | 202; body: CancelAnswer }> => {
    const { project_id } = principal;
    const view = await requests.view(project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    if (view.resolution) return told(view.resolution);

    const handle = client.workflow.getHandle(approvalWorkflowId(request_id));
    try {
      await handle.cancel().catch(async (error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        await starter.startApproval(view.request);
        await handle.cancel();
      });
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new DomainError(
        'temporal_unavailable',
        'Temporal does not answer. Nothing was withdrawn; try again.',
        { retry_after: 2 },
        { cause: error },
      );
    }
    // For as long as the connection lets a call take.
    await handle.result().catch(() => {});
    const resolution = (await requests.view(project_id, request_id))?.resolution;
    return resolution ? told(resolution) : { status: 202, body: { id: request_id, outcome: null } };

    function told(resolution: ResolutionView): { status: 200; body: CancelAnswer } {
      if (resolution.outcome.status === 'cancelled')
        return { status: 200, body: { id: request_id, outcome: resolution.outcome } };
      throw new DomainError('not_pending', resolutionSentence(resolution), { standing: decisionAnswer(resolution) });
    }
  };
