import type { ExecutedAnswer } from '../../contracts/approval-request.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { ExecutionStore, RequestReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Log } from '../ports.ts';

/** Records that the agent ran what was approved, once. A digest other than the approved one is recorded as an incident. */
export const createReportExecuted =
  ({ requests, executions, log }: { requests: RequestReader; executions: ExecutionStore; log: Log }) =>
  async (principal: Principal, request_id: string, payload_digest: string): Promise<ExecutedAnswer> => {
    const view = await requests.view(principal.project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    const { request, resolution } = view;
    if (resolution?.outcome.status !== 'approved') {
      log.error({ request_id }, 'alarm: execution reported without an approval');
      throw new DomainError(
        'not_approved',
        `This request is ${resolution?.outcome.status ?? 'still pending'}, so it must not run.`,
      );
    }
    const written = await executions.execute(
      principal.project_id,
      request,
      payload_digest,
      resolution.payload_digest,
      principal.owner,
    );
    switch (written.state) {
      case 'first':
        return { id: request_id, payload_digest, executed_at: written.executed_at.toISOString() };
      case 'again':
        throw new DomainError(
          'executed_already',
          'The execution of this request was already reported. An approval allows one execution.',
        );
      case 'mismatch':
        log.error({ request_id }, 'alarm: another payload was executed than approved');
        throw new DomainError(
          'digest_mismatch',
          'This is not the digest of the approved payload. An incident was recorded.',
        );
      default:
        return written satisfies never;
    }
  };
