import { z } from 'zod/v4';
import {
  ApprovalRequestDetail,
  ApprovalRequestPage,
  CancelAnswer,
  ExecutedAnswer,
  ExecutedBody,
  ListQuery,
} from '../../contracts/approval-request.ts';
import { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import { Text } from '../../contracts/text.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { HistoryReader, RequestLister } from '../../domain/approval/ports.ts';
import type { Channel } from '../../domain/approval/record.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Decide } from '../operations/decide.ts';
import { detailOf, summaryOf } from '../operations/views.ts';
import { type Route, route } from '../route.ts';
import { REQUEST_ID } from './approval-request-id.ts';
import { cursorOf, parseCursor } from './cursor.ts';

export interface ApprovalRequestRouteDeps {
  requests: HistoryReader & RequestLister;
  decide: Decide;
  cancel: (principal: Principal, id: string) => Promise<{ status: 200 | 202; body: CancelAnswer }>;
  reportExecuted: (principal: Principal, id: string, payload_digest: string) => Promise<ExecutedAnswer>;
}

const NO_STORE = { 'Cache-Control': 'no-store' };
const CLIENT_HEADER = 'X-Letsping-Client';
const ClientName = Text.meta({ description: '`cli`: the decision is recorded as made on the command line' });

/** A client may name our command line, and no other channel. */
const channelOf = (principal: Principal, client: string | undefined): Channel =>
  principal.via === 'session' ? 'console' : client === 'cli' ? 'cli' : 'api';

/** A reason or another member would be ignored. */
const NOTHING = z.strictObject({}).optional().meta({ description: 'Nothing, or an empty object' });

/** Approval requests: list, read, decide, cancel, and the report of an execution. */
export const approvalRequestRoutes = ({
  requests,
  decide,
  cancel,
  reportExecuted,
}: ApprovalRequestRouteDeps): Route[] => {
  const historyOf = async (principal: Principal, id: string) => {
    const view = await requests.history(principal.project_id, id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    return view;
  };

  return [
    route({
      method: 'get',
      path: '/api/approval-requests',
      summary: 'List, newest first',
      access: 'approval:read',
      query: ListQuery,
      answers: { 200: ApprovalRequestPage },
      async handler({ principal, query }) {
        const { items, refused, next } = await requests.list(principal.project_id, {
          ...query,
          agent: principal.role === 'agent' ? principal : undefined,
          after: parseCursor(query.cursor),
        });
        return {
          status: 200,
          headers: NO_STORE,
          body: { items: items.map(summaryOf), not_authentic: refused.length, next: next ? cursorOf(next) : null },
        };
      },
    }),

    route({
      method: 'get',
      path: '/api/approval-requests/{id}',
      summary: 'One request, with payload, findings and timeline',
      access: 'approval:read',
      params: REQUEST_ID,
      answers: { 200: ApprovalRequestDetail },
      async handler({ principal, params }) {
        const view = await historyOf(principal, params.id);
        const { proposed_patch, ...detail } = detailOf(view);
        // An agent does not see a patch that may still be refused.
        const shown = principal.role === 'agent' ? null : proposed_patch;
        return {
          status: 200,
          headers: { ...NO_STORE, ETag: `"${view.request.payload_digest}"` },
          body: { ...detail, proposed_patch: shown },
        };
      },
    }),

    route({
      method: 'get',
      path: '/api/approval-requests/{id}/receipt',
      summary: 'The receipt: a compact JWS',
      access: 'approval:read',
      params: REQUEST_ID,
      answers: { 200: { mediaType: 'application/jose' } },
      async handler({ principal, params }) {
        const { receipt } = await historyOf(principal, params.id);
        if (receipt === undefined)
          throw new DomainError('not_found', 'There is no receipt yet: the request is pending.');
        return { status: 200, body: receipt };
      },
    }),

    route({
      method: 'post',
      path: '/api/approval-requests/{id}/decisions',
      summary: 'Approve, patch or reject',
      access: 'approval:decide',
      params: REQUEST_ID,
      headers: { [CLIENT_HEADER]: ClientName },
      body: { schema: Decision, limit: '4mb' },
      idempotent: { scope: 'decide', creates: 'dec' },
      answers: { 200: DecisionAnswer, 201: DecisionAnswer, 202: DecisionRecorded },
      refusals: [
        'payload_digest_required',
        'own_request',
        'own_patch',
        'not_pending',
        'patch_in_progress',
        'expired',
        'payload_changed',
        'patch_refused',
        'payload_sealed',
        'payload_removed',
        'temporal_unavailable',
      ],
      handler(call) {
        const { principal, params, headers, body, new_id } = call;
        const channel = channelOf(principal, headers[CLIENT_HEADER]);
        return decide(principal, params.id, body, new_id, channel, () => call.checkAccess());
      },
    }),

    route({
      method: 'post',
      path: '/api/approval-requests/{id}/cancel',
      summary: 'Cancel a pending request',
      access: 'approval:cancel',
      params: REQUEST_ID,
      body: { schema: NOTHING, limit: '256kb' },
      idempotent: { scope: 'cancel', creates: 'evt' },
      answers: { 200: CancelAnswer, 202: CancelAnswer },
      refusals: ['not_pending', 'expired', 'temporal_unavailable'],
      handler: ({ principal, params }) => cancel(principal, params.id),
    }),

    route({
      method: 'post',
      path: '/api/approval-requests/{id}/executed',
      summary: 'Report the one execution of what was approved',
      access: 'approval:execute',
      params: REQUEST_ID,
      body: { schema: ExecutedBody, limit: '256kb' },
      idempotent: { scope: 'executed', creates: 'evt' },
      answers: { 201: ExecutedAnswer },
      refusals: ['payload_digest_required', 'not_approved', 'executed_already', 'digest_mismatch'],
      async handler({ principal, params, body }) {
        return { status: 201, body: await reportExecuted(principal, params.id, body.payload_digest) };
      },
    }),
  ];
};
