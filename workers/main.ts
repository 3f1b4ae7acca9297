import { Context } from '@temporalio/activity';
import { NativeConnection, Runtime, type RuntimeOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createWatch, type WatchDeps } from '../activities/watch/index.ts';
import type { DeliveryRef } from '../contracts/workflow.ts';
import { createKeyring } from '../crypto/keyring.ts';
import { parseRootKey } from '../crypto/root-key.ts';
import { anchorFile } from '../runtime/anchor-file.ts';
import { loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/log.ts';
import { createMetrics, serveMetrics } from '../runtime/metrics.ts';
import { loadParsers } from '../runtime/parsers.ts';
import { selfTest } from '../runtime/self-test.ts';
import { type ProcessEnd, watchProcessEnd } from '../runtime/shutdown.ts';
import { refuseTemporal } from '../runtime/temporal/access.ts';
import { temporalClient, temporalSettings } from '../runtime/temporal/client.ts';
import { loadPayloadCodecs } from '../runtime/temporal/payload-codec.ts';
import { workflowDirectory } from '../runtime/temporal/workflow-directory.ts';
import { workflowStarter } from '../runtime/temporal/workflow-starter.ts';
import { createScreener } from '../runtime/threads/screener.ts';
import { activityStores } from '../storage/activity-stores.ts';
import { createActLog } from '../storage/acts/act-log.ts';
import { refuseRolledBack } from '../storage/acts/refuse-rolled-back.ts';
import { readBacklog } from '../storage/approvals/backlog.ts';
import { createEventBatcher } from '../storage/db/event-batcher.ts';
import { listenToDeliveries } from '../storage/db/events.ts';
import { createPool } from '../storage/db/pool.ts';
import { refuseForeignRootKey } from '../storage/db/start-up.ts';
import { currentSigner } from '../storage/keys/issuer-keys.ts';
import { storedKeys } from '../storage/keys/stored-keys.ts';
import { workflowBundle } from './bundle.ts';
import { createWorker } from './create-worker.ts';
import { ensureReconcileSchedules } from './reconcile-schedule.ts';
import { startWatcher } from './watcher.ts';

/** Deliveries that are looked for after a gap in the notices. */
const MAX_MISSED = 200;

/**
 * Composition root of the worker process. Resolves with its exit code after a signal or an uncaught error, when the running
 * activities have finished.
 */
export async function runWorker(env: NodeJS.ProcessEnv): Promise<ReturnType<ProcessEnd['exitCode']>> {
  const config = loadConfig(env);
  const log = createLogger('worker', config.log_level);
  const end = watchProcessEnd(log);
  const root = parseRootKey(config.root_key);
  loadParsers().catch(() => {}); // begun here, awaited below: the database answers meanwhile
  const payloadCodecs = await loadPayloadCodecs(config.payload_codec);
  Runtime.install({
    shutdownSignals: [],
    logger: temporalLogger(log),
    ...(config.metrics_port !== 0 && sdkMetrics(config.metrics_port + 1)),
  });

  const pool = createPool(config.database_url, {
    max: 10,
    onError: (error) => log.warn({ err: error }, 'database connection lost'),
  });
  const stored = storedKeys(pool);
  const keyring = createKeyring(root, stored);
  await refuseForeignRootKey(pool, root);
  const anchor = config.anchor_file === undefined ? undefined : anchorFile(config.anchor_file);
  const acts = createActLog({
    pool,
    keyring,
    anchor,
    onAnchorFailed: (error) =>
      log.error({ err: error }, 'alarm: the anchor of administrative acts cannot be read or written'),
  });
  acts.remember(await refuseRolledBack(pool, keyring, anchor));
  const [signer, parsers, bundle] = await Promise.all([
    currentSigner(pool, keyring),
    loadParsers(),
    workflowBundle(),
    refuseTemporal(env, { whenUnavailable: 'wait' }),
  ]);
  await selfTest({ parsers }, signer);
  const screener = createScreener(
    { parsers },
    { onStopped: (key_id, why) => log.warn({ key_id, why }, 'the screening of a large patch was stopped') },
  );
  const events = createEventBatcher(pool);
  const stores = activityStores(pool, keyring, acts, events);
  const metrics = createMetrics('worker', () => readBacklog(pool));

  const { client, connection: clientConnection } = temporalClient(env, payloadCodecs);
  const starter = workflowStarter(client, config.task_queue);
  const shared: WatchDeps = {
    stores,
    signer,
    starter,
    directory: workflowDirectory(client),
    screen: screener.screen,
    onSettled: metrics.decided,
    onIncident: ({ project_id, request_id }, kind) => {
      metrics.refused(kind);
      log.error(
        { project_id, request_id, kind },
        kind === 'permit_unknown' ? 'alarm: a claimed action has no known result' : 'alarm: an outcome was refused',
      );
    },
    onRepair: (kind, ref) => {
      metrics.repaired(kind);
      log.error({ kind, ...ref }, 'alarm: the reconciler or the watcher repaired an inconsistency');
    },
    onStuck: (request_ids) =>
      log.error(
        { request_ids },
        'alarm: workflow tasks fail, and no other workflow makes progress: check this release',
      ),
  };
  const activities = createActivities({
    ...shared,
    stores,
    caller: () => {
      const { workflowExecution, workflowType = '' } = Context.current().info;
      return { workflow_id: workflowExecution?.workflowId ?? '', workflow_type: workflowType };
    },
    onDelivery: ({ delivery_id }, result) => {
      metrics.delivered(result);
      if (result === 'dead') log.error({ delivery_id }, 'alarm: delivery dead-lettered');
    },
    onProgress: () => Context.current().heartbeat(),
  });

  const { connectionOptions, namespace } = temporalSettings(env);
  const connection = await NativeConnection.connect(connectionOptions);
  const worker = await createWorker({
    connection,
    namespace,
    activities,
    workflowBundle: bundle,
    taskQueue: config.task_queue,
    payloadCodecs,
  });
  const running = worker.run();
  const stopWatcher = startWatcher({ looks: createWatch(shared), log });
  const startDelivery = (ref: DeliveryRef) => {
    starter.startDelivery(ref).catch(() => {}); // the reconciler starts what this missed
  };
  const outbox = listenToDeliveries(config.database_url, {
    onDelivery: startDelivery,
    onGap: () => {
      stores.reconcile
        .unstartedDeliveries(MAX_MISSED, 0)
        .then((refs) => refs.forEach(startDelivery))
        .catch(() => {});
    },
    onIgnored: metrics.noticeIgnored,
  });
  end.onEnd(() => worker.shutdown());
  const measured =
    config.metrics_port === 0
      ? undefined
      : await serveMetrics({
          host: config.metrics_host,
          port: config.metrics_port,
          registry: metrics.registry,
          ready: async () => worker.getState() === 'RUNNING',
          more: () => sdkMetricsText(config.metrics_port + 1),
        });
  await ensureReconcileSchedules(client, config.task_queue).catch((error: unknown) =>
    log.error({ err: error }, 'cannot create the reconcile schedules: check the permissions on the namespace'),
  );
  log.info({ metrics_port: measured?.port }, 'worker ready');
  try {
    await running;
  } finally {
    stopWatcher();
    await events.end();
    await Promise.allSettled([
      outbox.stop(),
      connection.close(),
      clientConnection.close(),
      pool.end(),
      stored.end(),
      measured?.stop(),
      screener.end(),
    ]);
  }
  log.info('worker stopped');
  return end.exitCode();
}

/** The SDK's native part serves its own metrics, on loopback. Our metrics page appends them. */
const sdkMetrics = (port: number): RuntimeOptions => ({
  telemetryOptions: {
    metrics: { prometheus: { bindAddress: `127.0.0.1:${port}`, unitSuffix: true, useSecondsForDurations: true } },
  },
});

const sdkMetricsText = async (port: number): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(2_000) })).text();

/** Sends the SDK's log to our logger. */
const temporalLogger = (log: ReturnType<typeof createLogger>) => {
  const write = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) =>
    log[level](meta ?? {}, message);
  return {
    log: (level: string, message: string, meta?: object) => write(level.toLowerCase() as 'info')(message, meta),
    trace: write('trace'),
    debug: write('debug'),
    info: write('debug'), // worker state lines are noise at info
    warn: write('warn'),
    error: write('error'),
  };
};
