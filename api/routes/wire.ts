import { IngestBody } from '../../contracts/action.ts';
import { IngestAnswer, StatusAnswer } from '../../contracts/approval-request.ts';
import { CLAIM_HEADER } from '../../contracts/claim-header.ts';
import { ClaimToken } from '../../contracts/permit.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { RequestReader } from '../../domain/approval/ports.ts';
import { statusAnswer } from '../../domain/approval/status-answer.ts';
import { DomainError } from '../../domain/errors.ts';
import { joinedContext } from '../../domain/policy/joined-context.ts';
import type { StatusWaiters } from '../live/status-waiters.ts';
import type { OpenRequest } from '../operations/open-request.ts';
import { type Route, route } from '../route.ts';
import { REQUEST_ID } from './approval-request-id.ts';
import { CONTEXT_HEADER, ContextHeader } from './context-header.ts';
import { tokenOf } from './permits.ts';

const NO_STORE = { 'Cache-Control': 'no-store' };

export interface WireRouteDeps {
  openRequest: OpenRequest;
  requests: RequestReader;
  waiters: Pick<StatusWaiters, 'wait'>;
}

/**
 * The published protocol, which the LetsPing clients speak. Unknown members are dropped, and errors carry the published codes.
 * A published client takes the root or `/api` as its base, so each path is mounted at both.
 */
export const wireRoutes = ({ openRequest, requests, waiters }: WireRouteDeps): Route[] => {
  const viewOf = async (principal: Principal, id: string) => {
    const view = await requests.view(principal.project_id, id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    return view;
  };

  return [
    route({
      method: 'post',
      path: '/api/ingest',
      alsoAt: ['/ingest'],
      summary: 'Propose an action',
      access: 'approval:create',
      publishedCodes: true,
      headers: { [CONTEXT_HEADER]: ContextHeader, [CLAIM_HEADER]: ClaimToken },
      body: { schema: IngestBody, limit: '4mb' },
      idempotent: { scope: 'ingest', creates: 'req', covers: CONTEXT_HEADER },
      answers: { 201: IngestAnswer },
      refusals: ['invalid_value', 'policy_changing', 'payload_removed'],
      async handler(call) {
        const { principal, headers, body, new_id } = call;
        const host = headers[CONTEXT_HEADER];
        const proposed = host ? { ...body, context: joinedContext(body.context, host) } : body;
        if (body.retryable && !body.claim)
          throw new DomainError('invalid_value', 'retryable is of a claim: send claim: true as well.', {
            errors: [{ pointer: '/retryable', detail: 'without claim: true' }],
          });
        const token = body.claim ? tokenOf(headers) : undefined;
        const opened = await openRequest(principal, proposed, new_id, { token, checkAccess: () => call.checkAccess() });
        return { status: 201, body: opened };
      },
    }),

    route({
      method: 'get',
      path: '/api/status/{id}',
      alsoAt: ['/status/{id}'],
      summary: 'The state of a request; a repeated read is held until it is decided',
      access: 'approval:read',
      publishedCodes: true,
      params: REQUEST_ID,
      answers: { 200: StatusAnswer },
      refusals: ['payload_removed'],
      async handler(call) {
        const { principal, params } = call;
        let view = await viewOf(principal, params.id);
        const stop = new AbortController();
        const waited = view.resolution ? undefined : waiters.wait(principal, params.id, stop.signal);
        if (waited) {
          call.onClose(() => stop.abort());
          call.onAccessEnd(() => stop.abort());
          view = await viewOf(principal, params.id); // it may have been resolved before the wait began
          if (view.resolution) stop.abort();
          else {
            await call.aside(waited);
            call.checkAccess();
            if (!stop.signal.aborted) {
              await call.confirmAccess();
              view = await viewOf(principal, params.id);
            }
          }
        }
        const { permit } = view;
        return { status: 200, headers: NO_STORE, body: { ...statusAnswer(view), ...(permit && { permit }) } };
      },
    }),
  ];
};
