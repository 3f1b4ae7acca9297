import { type RequestHandler, Router } from 'express';
import { IngestBody } from '../../contracts/action.ts';
import type { IngestAnswer } from '../../contracts/approval-request.ts';
import { isId } from '../../crypto/ids.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { RequestReader } from '../../domain/approval/ports.ts';
import { statusAnswer } from '../../domain/approval/status-answer.ts';
import { DomainError } from '../../domain/errors.ts';
import type { StatusWaiters } from '../live/status-waiters.ts';
import { actionContext, contextWith } from '../middleware/action-context.ts';
import { principalOf, requirePermission } from '../middleware/authenticate.ts';
import type { Once } from '../middleware/idempotency-key.ts';
import { jsonBody } from '../middleware/json-body.ts';

export interface WireRouteDeps {
  open: (principal: Principal, body: IngestBody, id: string) => Promise<IngestAnswer>;
  requests: RequestReader;
  waiters: StatusWaiters;
  once: Once;
  authenticated: RequestHandler;
  /** Takes large bodies elsewhere. */
  large: RequestHandler;
}

/** Errors of these routes carry the codes that the published clients branch on. */
const onTheWire: RequestHandler = (_req, res, next) => {
  res.locals.wire = true;
  next();
};

/** Published clients may be given the root as their base, or `/api`: each path stands at both. */
const BASES = ['/api', ''];

/** The published protocol: what the LetsPing clients call. Unknown members are dropped, and errors carry their codes. */
export function wireRoutes({ open, requests, waiters, once, authenticated, large }: WireRouteDeps): Router {
  const ingest: RequestHandler[] = [
    onTheWire,
    authenticated,
    requirePermission('approval:create'),
    large,
    ...jsonBody('4mb'),
    actionContext,
    async (req, res) => {
      const given = IngestBody.parse(req.body);
      const context = contextWith(given.context, res.locals);
      const body = { ...given, ...(context && { context }) };
      await once(req, res, 'ingest', 'req', async (id) => ({
        status: 201,
        body: await open(principalOf(res), body, id),
      }));
    },
  ];

  const status: RequestHandler = async (req, res) => {
    const principal = principalOf(res);
    const id = String(req.params.id);
    const read = async () => {
      const view = isId('req', id) ? await requests.view(principal.project_id, id) : undefined;
      if (!view || !maySee(principal, view.request))
        throw new DomainError('not_found', 'There is no such approval request.');
      return view;
    };
    let view = await read();
    if (!view.resolution && waiters.shouldHold(principal.key_id, id)) {
      const gone = new AbortController();
      res.on('close', () => gone.abort());
      const waited = waiters.wait(principal.key_id, id, gone.signal);
      view = await read(); // resolved between the first look and the wait: do not wait for what has happened
      if (!view.resolution) {
        await waited;
        if (gone.signal.aborted) return;
        view = await read();
      } else gone.abort();
    }
    res.set('Cache-Control', 'no-store').json(statusAnswer(view));
  };

  const router = Router();
  for (const base of BASES) {
    router.post(`${base}/ingest`, ingest);
    router.get(`${base}/status/:id`, onTheWire, authenticated, requirePermission('approval:read'), status);
  }
  return router;
}
