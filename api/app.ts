import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { ApprovalWorkflows } from '../domain/approval/approval-workflows.ts';
import type { StatementSigner } from '../domain/approval/ports.ts';
import { DomainError } from '../domain/errors.ts';
import type { ScreenDeps } from '../domain/firewall/screen-deps.ts';
import type { Screener } from '../domain/firewall/screener.ts';
import type { AgentSchemas } from '../domain/json/schema.ts';
import { docsRoutes } from './docs/routes.ts';
import { createEntry } from './entry.ts';
import { answerError } from './error-handler.ts';
import { refusalOf } from './forged-rows.ts';
import type { ApiLimits } from './limits/api-limits.ts';
import type { EventHub } from './live/event-hub.ts';
import type { Grants } from './live/grants.ts';
import type { StatusWaiters } from './live/status-waiters.ts';
import { allowedHosts } from './middleware/allowed-hosts.ts';
import { createAuthenticate } from './middleware/authenticate.ts';
import { createOnce } from './middleware/idempotency-key.ts';
import { assignRequestId } from './middleware/request-id.ts';
import { pageHeaders, setDataHeaders } from './middleware/security-headers.ts';
import { mountRoutes } from './mount-routes.ts';
import { createCancel } from './operations/cancel.ts';
import { createClaimPermit } from './operations/claim-permit.ts';
import { createClosePermit } from './operations/close-permit.ts';
import { createDecide } from './operations/decide.ts';
import { createEndClaim } from './operations/end-claim.ts';
import { createOpenRequest } from './operations/open-request.ts';
import { createPutPolicy } from './operations/put-policy.ts';
import { createReportExecuted } from './operations/report-executed.ts';
import { createSimulatePolicy } from './operations/simulate-policy.ts';
import type { PageDeps } from './page/deps.ts';
import type { ApiStores, Counts, Log } from './ports.ts';
import { remoteAddress } from './remote-address.ts';
import { stateOf } from './request-state.ts';
import type { Route } from './route.ts';
import { approvalRequestRoutes } from './routes/approval-requests.ts';
import { auditRoutes } from './routes/audit.ts';
import { eventRoutes } from './routes/events.ts';
import { type HealthDeps, healthRoutes } from './routes/health.ts';
import { keyRoutes } from './routes/keys.ts';
import { withOpenApi } from './routes/openapi.ts';
import { pageRoutes } from './routes/page.ts';
import { permitRoutes } from './routes/permits.ts';
import { policyRoutes } from './routes/policy.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { wireRoutes } from './routes/wire.ts';
import { type ServeDeps, serveRoute } from './serve-route.ts';

export interface AppDeps extends HealthDeps {
  stores: ApiStores;
  /** Signs receipts of what the firewall allows or blocks. */
  signer: StatementSigner;
  counts: Pick<Counts, 'opened' | 'decided'>;
  workflows: ApprovalWorkflows;
  waiters: StatusWaiters;
  hub: EventHub;
  grants: Grants;
  limits: ApiLimits;
  /** See `Config.trusted_proxies`. */
  trustedProxies: number;
  log: Log;
  /** The firewall's parsers, loaded once. */
  screenDeps: ScreenDeps;
  screen: Screener;
  render: PageDeps['render'];
  /** Compiles the schemas that agents send with their requests. */
  agentSchemas: AgentSchemas;
  /** The address that people use, without a trailing slash. A function: port 0 is known only after listening. */
  publicUrl: () => string;
  environment: 'live' | 'test';
  /** Answers requests with large bodies on another thread. Absent: they are answered on this one. */
  largeBodies?: ServeDeps['largeBodies'];
  /** Proves that a call came through the thread that took the caller's connection. */
  forwardToken?: string | undefined;
  /** `letsping dev`: a looser policy needs no reason. */
  loosenWithoutReason: boolean;
  /** Whether a policy may accept unsigned Signals. */
  unsignedSignals: boolean;
}

/** Published clients join a base that ends in a slash with a path that starts with one, so repeated slashes count as one. */
function collapseSlashes(req: IncomingMessage): void {
  if (req.url?.includes('//')) req.url = req.url.replace(/^[^?#]*/, (path) => path.replace(/\/{2,}/g, '/'));
}

const nothingHere = () => new DomainError('not_found', 'There is nothing here.');

/** What every request passes first, by whatever entry. */
const onArrival =
  ({ forwardToken, trustedProxies }: Pick<AppDeps, 'forwardToken' | 'trustedProxies'>) =>
  (req: IncomingMessage, res: ServerResponse): void => {
    assignRequestId(req, res);
    stateOf(res).address = remoteAddress(req, forwardToken, trustedProxies);
    collapseSlashes(req);
    setDataHeaders(res);
    if (req.headers.host === undefined && req.httpVersion === '1.1')
      throw new DomainError('malformed_request', 'A request of HTTP/1.1 needs a Host header.');
  };

/** The HTTP surface over the given parts. It does no I/O of its own. `handle` takes every request; `app` finds those that the entry does not. */
export function createApp(deps: AppDeps): { handle: RequestListener; app: Express } {
  const { stores, workflows, log, publicUrl, limits } = deps;
  const { requests, decisions, cancellations, permits, policies, identities } = stores;
  const openRequest = createOpenRequest({
    store: stores.opening,
    signer: deps.signer,
    counts: deps.counts,
    screen: deps.screen,
    agentSchemas: deps.agentSchemas,
    workflows,
    pendingLimit: limits.pending,
    triageUrl: (id) => `${publicUrl()}/requests/${id}`,
    unsignedSignals: deps.unsignedSignals,
  });
  const decide = createDecide({ requests, decisions, workflows, agentSchemas: deps.agentSchemas });
  const cancel = createCancel({ requests, cancellations, workflows });
  const reportExecuted = createReportExecuted({ permits, log });
  const closePermit = createClosePermit({ permits });
  const pages = {
    requests,
    closePermit,
    identities,
    access: limits,
    sessions: stores.sessions,
    grants: deps.grants,
    reportForged: stores.reportForged,
  };
  const authenticate = createAuthenticate(identities, publicUrl, limits);
  const routes = withOpenApi(
    [
      ...wireRoutes({ openRequest, requests, waiters: deps.waiters }), // agents' routes first: the router matches in this order
      ...healthRoutes(deps),
      ...approvalRequestRoutes({ requests, decide, cancel, reportExecuted }),
      ...permitRoutes({
        claimPermit: createClaimPermit({ permits, opening: stores.opening, policies, requests, screen: deps.screen }),
        endClaim: createEndClaim({ permits, log }),
        closePermit,
      }),
      ...policyRoutes({
        store: policies,
        putPolicy: createPutPolicy(policies, deps),
        simulatePolicy: createSimulatePolicy(requests, deps.screenDeps, deps.screen),
      }),
      ...auditRoutes({ acts: stores.acts }),
      ...keyRoutes({ keys: stores.keys, environment: deps.environment }),
      ...sessionRoutes({ sessions: stores.sessions, grants: deps.grants }),
      ...eventRoutes({ hub: deps.hub, streams: limits.streams }),
    ],
    publicUrl,
  );

  const arrive = onArrival(deps);
  const { grants, largeBodies } = deps;
  const serving = { authenticate, grants, turns: limits.turns, once: createOnce(stores.idempotency), largeBodies };
  const serve = (declared: Route, template: string) => serveRoute(declared, template, serving);
  const answer = answerError(deps);
  const refuse = async (error: unknown, req: IncomingMessage, res: ServerResponse) =>
    answer(await refusalOf(stores.reportForged, error, res).catch((failed: unknown) => failed), req, res);

  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((req, res, next) => {
    arrive(req, res);
    next();
  });
  mountRoutes(app, routes, serve);
  app.use('/api', async (req, res) => {
    await authenticate(req, res);
    throw nothingHere();
  });
  app.use(
    allowedHosts(publicUrl),
    pageHeaders,
    docsRoutes(),
    pageRoutes({ ...pages, decide, render: deps.render, publicUrl }),
  );
  app.use(() => {
    throw nothingHere();
  });
  const refuseLast: ErrorRequestHandler = (error, req, res, _next) => refuse(error, req, res);
  app.use(refuseLast);
  return { handle: createEntry(routes, { arrive, serve, answerError: refuse, router: app }), app };
}
