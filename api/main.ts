import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeyring } from '../crypto/keyring.ts';
import { parseRootKey } from '../crypto/root-key.ts';
import { anchorFile } from '../runtime/anchor-file.ts';
import { type Config, loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/log.ts';
import { createMetrics, type Metrics, serveMetrics } from '../runtime/metrics.ts';
import { loadParsers } from '../runtime/parsers.ts';
import { ROUNDS, selfTest, selfTestAfter } from '../runtime/self-test.ts';
import { type Ending, type ProcessEnd, watchProcessEnd } from '../runtime/shutdown.ts';
import { refuseTemporal } from '../runtime/temporal/access.ts';
import { approvalWorkflows } from '../runtime/temporal/approval-workflows.ts';
import { temporalClient } from '../runtime/temporal/client.ts';
import { loadPayloadCodecs } from '../runtime/temporal/payload-codec.ts';
import { createSchemaThreads } from '../runtime/threads/agent-schemas.ts';
import { createRenderer } from '../runtime/threads/renderer.ts';
import { createScreener } from '../runtime/threads/screener.ts';
import { createKeyCache } from '../storage/access/key-cache.ts';
import { createActLog } from '../storage/acts/act-log.ts';
import { refuseRolledBack } from '../storage/acts/refuse-rolled-back.ts';
import { apiStores } from '../storage/api-stores.ts';
import { readBacklog } from '../storage/approvals/backlog.ts';
import type { OnForged } from '../storage/approvals/forged-rows.ts';
import { createEventBatcher } from '../storage/db/event-batcher.ts';
import { listen } from '../storage/db/events.ts';
import { migrationsAtHead } from '../storage/db/migrate.ts';
import { createPool } from '../storage/db/pool.ts';
import { refuseForeignRootKey } from '../storage/db/start-up.ts';
import { currentSigner, publishedKeys } from '../storage/keys/issuer-keys.ts';
import { storedKeys } from '../storage/keys/stored-keys.ts';
import { createApp } from './app.ts';
import { refuseBrokenRequests } from './broken-requests.ts';
import { createLargeBodyWorker } from './large-body/large-body-worker.ts';
import { createApiLimits } from './limits/api-limits.ts';
import { createArrivals } from './limits/arrivals.ts';
import { shareUsage } from './limits/share-usage.ts';
import { createEventHub } from './live/event-hub.ts';
import { createGrants } from './live/grants.ts';
import { createStatusWaiters } from './live/status-waiters.ts';
import { watchResponses } from './middleware/http-metrics.ts';
import type { Counts } from './ports.ts';
import { isForwarded } from './remote-address.ts';

/** A decision is answered within 13 s; connections that are open after this are closed. */
const CLOSE_MS = 15_000;
const WAKE_MS = 250;
/** Connections that wait to be accepted. With the default of 511, a burst of one caller keeps others waiting for seconds (TCP sends again). */
const BACKLOG = 4_096;
/** Asked by an orchestrator, and it costs nothing: it passes a burst of requests. */
const PROBE = '/livez';
/** A call takes some thirty small buffers from Node's pool. With the default of 8 KB a call needs a new pool, which costs 1 % of its time. */
const BUFFER_POOL_BYTES = 64 * 1024;

/** A running server, for tests and `runApi`. */
export interface RunningApi {
  url: string;
  /** The port it listens on. */
  port: number;
  metrics: Metrics;
  /** Port of the metrics; undefined when they are not served. */
  metrics_port: number | undefined;
  /** Not ready at once; stops listening after the drain time (default: the configured one); ends held reads and event streams, and answers the rest. */
  stop(drainMs?: number): Promise<void>;
}

export interface ApiOptions {
  /** The program of the thread for large bodies. Default: they are answered on this thread. */
  largeBodies?: URL;
  /** Replaces this api's own metrics: on the thread for large bodies, the main thread counts. */
  counts?: Counts;
  /** It listens only after this, which may refuse. */
  admitted?: Promise<void>;
  /** On the thread for large bodies: the forwarder has it, is the only one who is answered, and says from where a call came. */
  forwardToken?: string | undefined;
}

/** Composition root: makes the parts from the environment, and listens. */
export async function startApi(env: NodeJS.ProcessEnv, options: ApiOptions = {}): Promise<RunningApi> {
  Buffer.poolSize = BUFFER_POOL_BYTES;
  const config = loadConfig(env);
  const log = createLogger('api', config.log_level);
  const root = parseRootKey(config.root_key);
  loadParsers().catch(() => {}); // begun here, awaited below: the database answers meanwhile
  const payloadCodecs = await loadPayloadCodecs(config.payload_codec);
  const pool = createPool(config.database_url, {
    onError: (error) => log.warn({ error: error.message }, 'database connection lost'),
  });
  const stored = storedKeys(pool);
  const keyring = createKeyring(root, stored);
  await refuseForeignRootKey(pool, root);
  const anchor = config.anchor_file === undefined ? undefined : anchorFile(config.anchor_file);
  const acts = createActLog({
    pool,
    keyring,
    anchor,
    onAnchorFailed: (error) => log.error({ error: error.message }, 'alarm: the anchor could not be written'),
  });
  acts.remember(await refuseRolledBack(pool, keyring, anchor));
  const [signer, parsers] = await Promise.all([currentSigner(pool, keyring), loadParsers(), options.admitted]);
  const screenDeps = { parsers };
  await selfTest(screenDeps, signer, options.counts ? 1 : ROUNDS.before);
  const { client, connection } = temporalClient(env, payloadCodecs);

  const hub = createEventHub();
  const keys = createKeyCache();
  const events = createEventBatcher(pool);
  const metrics = createMetrics('api', () => readBacklog(pool));
  const counts = options.counts ?? metrics;
  const onForged: OnForged = (project_id, { kind, id, request_id, incident }) => {
    counts.refused(incident);
    log.error({ project_id, request_id, incident, row: kind, row_id: id }, 'alarm: a stored row was refused');
  };
  const sweepPool = createPool(config.database_url, { max: 1 });
  const stores = apiStores(pool, keyring, keys, events, onForged, acts, sweepPool);
  const grants = createGrants(stores.identities);
  const limits = createApiLimits(config.limits, stores.countPending, counts.limited);
  const sharing = shareUsage(stores.usage, limits.buckets);
  const waiters = createStatusWaiters(config.status_hold_ms, limits.heldReads);
  const listening = listen(config.database_url, {
    onEvent: (event) => {
      if (event.event === 'approval_request.resolved') waiters.resolved(event.request_id);
      hub.publish(event);
    },
    onRevoked: (id) => {
      grants.keyRevoked(id);
      stores.identities.lookAgain(id).catch(() => {}); // the next use of the key looks again
    },
    onGap: () => {
      waiters.wakeAll();
      hub.gap();
    },
    onIgnored: metrics.noticeIgnored,
  });

  const workflows = approvalWorkflows({
    client,
    taskQueue: config.task_queue,
    store: stores.workflowStarts,
    log,
    onEnded: async ({ project_id, id }) => {
      log.error({ project_id, request_id: id }, 'alarm: a workflow ended without an outcome, and is started again');
      await stores.incidents.report({ project_id, request_id: id }, 'workflow_ended');
    },
  });
  const responses = watchResponses(counts.answered);
  const checks: Record<string, () => Promise<void>> = {
    database: async () => {
      if (!(await migrationsAtHead(pool))) throw new Error('migrations are missing');
    },
    temporal: async () => void (await connection.workflowService.getSystemInfo({})),
  };

  let url = config.public_url ?? `http://${config.host}:${config.port}`;
  const largeBodies =
    options.largeBodies &&
    createLargeBodyWorker({
      entry: options.largeBodies,
      env,
      publicUrl: () => url,
      counts,
      uploads: limits.uploads,
      log,
    });
  const stopped = (what: string) => ({
    onStopped: (key_id: string, why: string) => log.warn({ key_id, why }, `${what} was stopped`),
  });
  const agentSchemas = createSchemaThreads(stopped('the schema of an agent'));
  const renderer = createRenderer(stopped('the rendering of a large page'));
  const screener = createScreener(screenDeps, stopped('the screening of a large payload'));
  const { handle } = createApp({
    stores,
    signer,
    counts,
    screenDeps,
    screen: screener.screen,
    render: renderer.render,
    agentSchemas,
    loosenWithoutReason: config.dev,
    unsignedSignals: config.unsigned_signals,
    workflows,
    waiters,
    hub,
    grants,
    limits,
    trustedProxies: config.trusted_proxies,
    log,
    publicUrl: () => url,
    publishedKeys: () =>
      publishedKeys(pool, keyring, (kid) =>
        log.error({ kid }, 'alarm: a signing key in the database is not sealed by us, and not published'),
      ),
    environment: url.startsWith('https:') ? 'live' : 'test',
    largeBodies: largeBodies?.handler,
    forwardToken: options.forwardToken,
    checks,
  });

  const server = createServer(
    // Without a Host, `onArrival` refuses: Node's own refusal has no body.
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000, requireHostHeader: false },
    (req, res) => {
      if (options.forwardToken !== undefined && !isForwarded(req, options.forwardToken)) {
        res.writeHead(404, { Connection: 'close' }).end();
        return;
      }
      responses.watch(req, res);
      if (req.url === PROBE) handle(req, res);
      else arrivals(() => handle(req, res));
    },
  );
  const arrivals = createArrivals(server);
  refuseBrokenRequests(server, () => url);
  const port = await listenOn(server, config);
  if (config.public_url === undefined) url = `http://${config.host}:${port}`;
  const isReady = async () =>
    (await Promise.allSettled(Object.values(checks).map((check) => check()))).every(
      ({ status }) => status === 'fulfilled',
    );
  const measured =
    config.metrics_port === 0
      ? undefined
      : await serveMetrics({
          host: config.metrics_host,
          port: config.metrics_port,
          registry: metrics.registry,
          ready: isReady,
        });
  log.info({ url, metrics_port: measured?.port }, 'api ready');
  const tested = new AbortController();
  if (!options.counts) void selfTestAfter(screenDeps, signer, tested.signal);

  const drain = async (drainMs: number) => {
    checks['shutdown'] = async () => {
      throw new Error('this process is shutting down');
    };
    log.info({ drain_ms: drainMs }, 'api stops');
    tested.abort();
    if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
    const closed = new Promise((resolve) => server.close(resolve));
    responses.endStreams();
    // A keep-alive connection may bring another read to hold until it is closed.
    const waking = setInterval(() => waiters.wakeAll(), WAKE_MS);
    waiters.wakeAll();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref();
    await closed;
    await Promise.all([largeBodies?.end(), agentSchemas.end(), screener.end(), renderer.end()]);
    clearInterval(waking);
    grants.stop();
    await Promise.all([workflows.end().then(events.end), sharing.end()]); // the last starts have notices
    await Promise.allSettled([
      listening.stop(),
      connection.close(),
      pool.end(),
      stored.end(),
      sweepPool.end(),
      measured?.stop(),
    ]);
    log.info('api stopped');
  };
  let stopping: Promise<void> | undefined;
  return {
    url,
    port,
    metrics,
    metrics_port: measured?.port,
    stop: (drainMs = config.drain_ms) => {
      stopping ??= drain(drainMs);
      return stopping;
    },
  };
}

const listenOn = (server: Server, { host, port }: Config) =>
  new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => resolve((server.address() as AddressInfo).port));
  });

/**
 * The api process: runs until a signal or an uncaught error stops it, and returns its exit code. After an uncaught error it stops
 * listening at once, because its state is unknown.
 */
export async function runApi(env: NodeJS.ProcessEnv, largeBodies: URL): Promise<ReturnType<ProcessEnd['exitCode']>> {
  const end = watchProcessEnd(createLogger('api', loadConfig(env).log_level));
  const admitted = refuseTemporal(env, { whenUnavailable: 'go on' });
  admitted.catch(() => {}); // `startApi` rejects with it, unless something else is wrong
  const api = await startApi(env, { largeBodies, admitted });
  const why = await new Promise<Ending>((resolve) => end.onEnd(resolve));
  await (why === 'signal' ? api.stop() : api.stop(0));
  return end.exitCode();
}
