import { NativeConnection, Runtime } from '@temporalio/worker';
import { createDeliver } from '../activities/deliver.ts';
import { createReconcile, createStartDeliveries } from '../activities/reconcile.ts';
import { createScreen } from '../activities/screen.ts';
import { createSettle } from '../activities/settle.ts';
import { createKeyring } from '../crypto/keyring.ts';
import { parseRootKey } from '../crypto/root-key.ts';
import { createSigner } from '../crypto/signing.ts';
import { loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/log.ts';
import { onShutdown } from '../runtime/shutdown.ts';
import { temporalClient, temporalSettings, workflowStarter } from '../runtime/temporal.ts';
import { currentIssuerKey } from '../storage/issuer-keys.ts';
import { createPool } from '../storage/pool.ts';
import { loadProjectKey } from '../storage/projects.ts';
import { refuseForeignRootKey } from '../storage/start-up.ts';
import { stepStores } from '../storage/step-stores.ts';
import { workflowBundle } from './bundle.ts';
import { createWorker } from './create-worker.ts';
import { ensureReconcileSchedule } from './reconcile-schedule.ts';

/** Composition root of the worker process. Resolves when it was told to stop and has finished what it had begun. */
export async function runWorker(env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(env);
  const log = createLogger('worker', config.log_level);
  const root = parseRootKey(config.root_key);
  Runtime.install({ shutdownSignals: [], logger: temporalLogger(log) });

  const pool = createPool(config.database_url, { max: 10, onError: (error) => log.warn({ err: error }, 'database connection lost') });
  const keyring = createKeyring(root, loadProjectKey(pool));
  await refuseForeignRootKey(pool, root);
  const signer = await createSigner(await currentIssuerKey(pool, keyring));
  const stores = stepStores(pool, keyring);

  const { client, connection: clientConnection } = temporalClient(env);
  const starter = workflowStarter(client, config.task_queue);
  const settle = createSettle({ ledger: stores.ledger, signer });
  const activities = {
    screen: createScreen(stores.screen),
    settle: async (...[ref, proposed]: Parameters<typeof settle>) => {
      const settled = await settle(ref, proposed);
      if (settled.resolution.cause === 'forged') log.error({ request_id: ref.request_id }, 'alarm: forged decision');
      return settled;
    },
    startDeliveries: createStartDeliveries(starter),
    ...createDeliver({ store: stores.deliveries, starter }),
    reconcile: createReconcile({ store: stores.reconcile, starter }),
  };

  const { connectionOptions, namespace } = temporalSettings(env);
  const connection = await NativeConnection.connect(connectionOptions);
  const worker = await createWorker({ connection, namespace, activities, workflowBundle: await workflowBundle(), taskQueue: config.task_queue });
  onShutdown(() => worker.shutdown());
  const running = worker.run();
  await ensureReconcileSchedule(client, config.task_queue).catch((error: unknown) => log.error({ err: error }, 'no reconcile schedule: check the rights on the namespace'));
  log.info('worker ready');
  try {
    await running;
  } finally {
    await Promise.allSettled([connection.close(), clientConnection.close(), pool.end()]);
  }
  log.info('worker stopped');
}

/** The SDK's lines go where ours go. */
const temporalLogger = (log: ReturnType<typeof createLogger>) => {
  const write = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) => log[level](meta ?? {}, message);
  return {
    log: (level: string, message: string, meta?: object) => write(level.toLowerCase() as 'info')(message, meta),
    trace: write('trace'),
    debug: write('debug'),
    info: write('debug'), // worker state lines are noise at info
    warn: write('warn'),
    error: write('error'),
  };
};
