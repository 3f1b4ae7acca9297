import { WorkflowNotFoundError } from '@temporalio/client';
import type { CancelAnswer } from '../../contracts/approval-request.ts';
import { approvalWorkflowId } from '../../contracts/workflow.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { Standing } from '../../domain/approval/status-answer.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ApprovalStore, Client, WorkflowStarter } from '../ports.ts';
import { isUnavailable } from './temporal-errors.ts';
import { decisionAnswer, standingSentence } from './views.ts';

/**
 * Withdraws a request: its workflow is cancelled and closes it. A decision that came first stands and is told.
 * Without a live worker the withdrawal is asked for and takes effect later: 202.
 */
export const createCancel =
  ({
    store,
    client,
    starter,
  }: {
    store: ApprovalStore;
    client: Client;
    starter: Pick<WorkflowStarter, 'startApproval'>;
  }) =>
  async (principal: Principal, request_id: string): Promise<{ status: 200 | 202; body: CancelAnswer }> => {
    const { project_id } = principal;
    const view = await store.view(project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    if (view.standing) return told(view.standing);

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
    const standing = (await store.view(project_id, request_id))?.standing;
    return standing ? told(standing) : { status: 202, body: { id: request_id, outcome: null } };

    function told(standing: Standing): { status: 200; body: CancelAnswer } {
      if (standing.outcome.status === 'cancelled')
        return { status: 200, body: { id: request_id, outcome: standing.outcome } };
      throw new DomainError('not_pending', standingSentence(standing), { standing: decisionAnswer(standing) });
    }
  };
