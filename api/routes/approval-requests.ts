import { type Response, Router } from 'express';
import type { CancelAnswer, ExecutedAnswer } from '../../contracts/approval-request.ts';
import { type ApprovalRequestPage, ExecutedBody, ListQuery } from '../../contracts/approval-request.ts';
import { Decision } from '../../contracts/decision.ts';
import { isId } from '../../crypto/ids.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { HistoryReader, RequestLister } from '../../domain/approval/ports.ts';
import type { Channel } from '../../domain/approval/record.ts';
import { DomainError } from '../../domain/errors.ts';
import { principalOf, requirePermission } from '../middleware/authenticate.ts';
import type { Once } from '../middleware/idempotency-key.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { Decided } from '../operations/decision-attempt.ts';
import { detailOf, summaryOf } from '../operations/views.ts';
import { cursorOf, parseCursor } from './cursor.ts';

export interface ApprovalRequestRouteDeps {
  requests: HistoryReader & RequestLister;
  decide: (
    principal: Principal,
    id: string,
    decision: Decision,
    decision_id: string,
    channel: Channel,
  ) => Promise<Decided>;
  cancel: (principal: Principal, id: string) => Promise<{ status: 200 | 202; body: CancelAnswer }>;
  reportExecuted: (principal: Principal, id: string, payload_digest: string) => Promise<ExecutedAnswer>;
  once: Once;
}

/** An id of another form is as unknown as one of another project. */
function requestId(raw: unknown): string {
  const id = String(raw);
  if (!isId('req', id)) throw new DomainError('not_found', 'There is no such approval request.');
  return id;
}

/** The road by which a decision came: the client may say that it is our command line, and nothing else. */
const channelOf = (principal: Principal, client: string | undefined): Channel =>
  principal.via === 'session' ? 'console' : client === 'cli' ? 'cli' : 'api';

export function approvalRequestRoutes({
  requests,
  decide,
  cancel,
  reportExecuted,
  once,
}: ApprovalRequestRouteDeps): Router {
  const router = Router();
  const readable = requirePermission('approval:read');

  router.get('/approval-requests', readable, async (req, res) => {
    const query = ListQuery.parse(req.query);
    const principal = principalOf(res);
    const rows = await requests.list(principal.project_id, {
      ...query,
      limit: query.limit + 1,
      key_id: principal.role === 'agent' ? principal.key_id : undefined,
      after: parseCursor(query.cursor),
    });
    const items = rows.slice(0, query.limit);
    const last = items.at(-1);
    const page: ApprovalRequestPage = {
      items: items.map(summaryOf),
      next: rows.length > items.length && last ? cursorOf(last) : null,
    };
    res.set('Cache-Control', 'no-store').json(page);
  });

  const seen = async (res: Response, raw: unknown) => {
    const principal = principalOf(res);
    const view = await requests.history(principal.project_id, requestId(raw));
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    return view;
  };

  router.get('/approval-requests/:id', readable, async (req, res) => {
    const view = await seen(res, req.params.id);
    const { proposed_patch, ...detail } = detailOf(view);
    const shown = principalOf(res).role === 'agent' ? null : proposed_patch; // what may yet run is not the agent's to know
    res
      .set('Cache-Control', 'no-store')
      .set('ETag', `"${view.request.payload_digest}"`)
      .json({ ...detail, proposed_patch: shown });
  });

  router.get('/approval-requests/:id/receipt', readable, async (req, res) => {
    const { receipt } = await seen(res, req.params.id);
    if (receipt === undefined) throw new DomainError('not_found', 'There is no receipt yet: the request is pending.');
    res.type('application/jose').send(receipt);
  });

  router.post(
    '/approval-requests/:id/decisions',
    requirePermission('approval:decide'),
    ...jsonBody('4mb'),
    async (req, res) => {
      const id = requestId(req.params.id);
      const decision = Decision.parse(req.body);
      const principal = principalOf(res);
      await once(req, res, `decide ${id}`, 'dec', (decision_id) =>
        decide(principal, id, decision, decision_id, channelOf(principal, req.get('x-letsping-client'))),
      );
    },
  );

  router.post(
    '/approval-requests/:id/cancel',
    requirePermission('approval:cancel'),
    ...jsonBody('256kb'),
    async (req, res) => {
      const id = requestId(req.params.id);
      await once(req, res, `cancel ${id}`, 'evt', () => cancel(principalOf(res), id));
    },
  );

  router.post(
    '/approval-requests/:id/executed',
    requirePermission('approval:execute'),
    ...jsonBody('256kb'),
    async (req, res) => {
      const id = requestId(req.params.id);
      const { payload_digest } = ExecutedBody.parse(req.body);
      await once(req, res, `executed ${id}`, 'evt', async () => ({
        status: 201,
        body: await reportExecuted(principalOf(res), id, payload_digest),
      }));
    },
  );

  return router;
}
