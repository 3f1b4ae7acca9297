import { type ErrorRequestHandler, Router } from 'express';
import { DomainError } from '../../domain/errors.ts';
import { refuseForgedRows } from '../forged-rows.ts';
import { assetRoutes } from '../page/assets.ts';
import type { PageDeps } from '../page/deps.ts';
import { inboxRoutes } from '../page/inbox-routes.ts';
import { sendSentence } from '../page/layout.ts';
import { ownSessionRoutes } from '../page/own-sessions.ts';
import { requestRoutes } from '../page/request-routes.ts';
import { sessionRoutes } from '../page/session-routes.ts';
import { stateOf } from '../request-state.ts';

/** Answers some refusals with a page. The application's error handler answers and logs the rest. */
const sendRefusalPage: ErrorRequestHandler = (error, _req, res, next) => {
  const { principal } = stateOf(res);
  const { type } = error as { type?: unknown };
  if (error instanceof DomainError && error.code === 'not_found')
    sendSentence(res, 404, 'Not here', error.message, principal);
  else if (error instanceof DomainError && error.code === 'invalid_request')
    sendSentence(res, 400, 'Not understood', error.message, principal);
  else if (error instanceof DomainError && error.code === 'not_authentic')
    sendSentence(res, 500, 'Not shown', error.message, principal);
  else if (error instanceof DomainError && error.code === 'rate_limited') {
    res.set('Retry-After', String(error.details.retry_after ?? 1));
    sendSentence(res, 429, 'Too many requests', `${error.message} Wait a moment, then try again.`, principal);
  } else if (type === 'entity.too.large')
    sendSentence(
      res,
      413,
      'Too large',
      'The form is too large: use `letsping patch` for such a payload. Nothing was changed.',
      principal,
    );
  else next(error);
};

/** The approval page for people with a session. It is rendered on the server and works without scripts. */
export function pageRoutes(deps: PageDeps): Router {
  const router = Router();
  router.use(assetRoutes(), sessionRoutes(deps), inboxRoutes(deps), ownSessionRoutes(deps), requestRoutes(deps));
  router.use(refuseForgedRows(deps.reportForged), sendRefusalPage);
  return router;
}
