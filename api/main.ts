import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSettlement } from '../activities/settle.ts';
import { createKeyring } from '../crypto/keyring.ts';
import { parseRootKey } from '../crypto/root-key.ts';
import { createSigner } from '../crypto/signing.ts';
import { type Config, loadConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/log.ts';
import { onShutdown } from '../runtime/shutdown.ts';
import { temporalClient, workflowStarter } from '../runtime/temporal.ts';
import { approvalStore } from '../storage/approval-store.ts';
import { listen } from '../storage/events.ts';
import { idempotencyStore, identityStore } from '../storage/identity-store.ts';
import { currentIssuerKey, publishedKeys } from '../storage/issuer-keys.ts';
import { migrationsAtHead } from '../storage/migrate.ts';
import { createPool } from '../storage/pool.ts';
import { loadProjectKey } from '../storage/projects.ts';
import { refuseForeignRootKey } from '../storage/start-up.ts';
import { createApp } from './app.ts';
import { createEventHub } from './live/event-hub.ts';
import { createStatusWaiters } from './live/status-waiters.ts';

const CLOSE_MS = 5_000;

/** A running server, as tests and `runApi` hold it. */
export interface RunningApi {
  url: string;
  stop(): Promise<void>;
}

/** Composition root: parts from the environment, a listening server. */
export async function startApi(env: NodeJS.ProcessEnv): Promise<RunningApi> {
  const config = loadConfig(env);
  const log = createLogger('api', config.log_level);
  const root = parseRootKey(config.root_key);
  const pool = createPool(config.database_url, {
    onError: (error) => log.warn({ error: error.message }, 'database connection lost'),
  });
  const keyring = createKeyring(root, loadProjectKey(pool));
  await refuseForeignRootKey(pool, root);
  const signer = await createSigner(await currentIssuerKey(pool, keyring));
  const { client, connection } = temporalClient(env);

  const waiters = createStatusWaiters(config.status_hold_ms);
  const hub = createEventHub();
  const listening = listen(
    config.database_url,
    (notice) => {
      if (notice.event === 'approval_request.resolved') waiters.resolved(notice.request_id);
      hub.publish(notice);
    },
    () => {
      waiters.wakeAll();
      hub.gap();
    },
  );

  let url = config.public_url ?? `http://${config.host}:${config.port}`;
  const app = createApp({
    approvals: approvalStore(pool, keyring),
    identities: identityStore(pool),
    idempotency: idempotencyStore(pool, keyring),
    settlement: createSettlement(signer),
    client,
    starter: workflowStarter(client, config.task_queue),
    waiters,
    hub,
    log,
    publicUrl: () => url,
    publishedKeys: () => publishedKeys(pool),
    environment: url.startsWith('https:') ? 'live' : 'test',
    checks: {
      database: async () => {
        if (!(await migrationsAtHead(pool))) throw new Error('migrations are missing');
      },
      temporal: () =>
        client.withDeadline(Date.now() + 2_000, async () => void (await connection.workflowService.getSystemInfo({}))),
    },
  });

  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 },
    app,
  );
  await listenOn(server, config);
  if (config.public_url === undefined) url = `http://${config.host}:${(server.address() as AddressInfo).port}`;
  log.info({ url }, 'api ready');

  return {
    url,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      waiters.wakeAll();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref();
      await closed;
      await Promise.allSettled([listening.stop(), connection.close(), pool.end()]);
      log.info('api stopped');
    },
  };
}

const listenOn = (server: Server, { host, port }: Config) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

/** The API process: runs until it is told to stop. */
export async function runApi(env: NodeJS.ProcessEnv): Promise<void> {
  const api = await startApi(env);
  await new Promise<void>((resolve) => onShutdown(() => resolve()));
  await api.stop();
}
