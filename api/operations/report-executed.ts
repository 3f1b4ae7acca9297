import type { ExecutedAnswer } from '../../contracts/approval-request.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ApprovalStore, Log } from '../ports.ts';

/** The agent says that it ran what was approved: once. Another digest than the approved one is an incident. */
export const createReportExecuted =
  ({ store, log }: { store: ApprovalStore; log: Log }) =>
  async (principal: Principal, request_id: string, payload_digest: string): Promise<ExecutedAnswer> => {
    const view = await store.view(principal.project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    const { request, standing } = view;
    if (standing?.outcome.status !== 'approved') {
      log.error({ request_id }, 'alarm: execution reported without an approval');
      throw new DomainError(
        'not_approved',
        `This request is ${standing?.outcome.status ?? 'still pending'}: nothing of it may run.`,
      );
    }
    const written = await store.execute(
      principal.project_id,
      request,
      payload_digest,
      standing.payload_digest,
      principal.owner,
    );
    switch (written.state) {
      case 'first':
        return { id: request_id, payload_digest, executed_at: written.executed_at.toISOString() };
      case 'again':
        throw new DomainError(
          'executed_already',
          'The execution of this request was reported before. An approval is good for one execution.',
        );
      case 'mismatch':
        log.error({ request_id }, 'alarm: another payload was executed than approved');
        throw new DomainError(
          'digest_mismatch',
          'This is not the digest of what was approved. An incident was recorded.',
        );
      default:
        return written satisfies never;
    }
  };
