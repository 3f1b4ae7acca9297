/** A worker process of the bench, on the queue of its first argument; `regular` really settles, `empty` has empty activities. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { registered } from '../../contracts/activities.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner } from '../../crypto/signing.ts';
import { loadConfig } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/log.ts';
import { watchProcessEnd } from '../../runtime/shutdown.ts';
import { temporalClient, temporalSettings } from '../../runtime/temporal/client.ts';
import { workflowDirectory } from '../../runtime/temporal/workflow-directory.ts';
import { workflowStarter } from '../../runtime/temporal/workflow-starter.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { createPool } from '../../storage/db/pool.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createWorker } from '../../workers/create-worker.ts';

const [taskQueue = '', kind = 'empty'] = process.argv.slice(2);
const config = loadConfig(process.env);
Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') });
const pool = createPool(config.database_url, { max: 10 });

const EMPTY = registered({
  screen: async () => 'hold',
  settle: async (_ref, resolution) => ({ resolution, delivery_ids: [] }),
});
async function realActivities() {
  const keyring = createKeyring(parseRootKey(config.root_key), storedKeys(pool));
  const { client } = temporalClient(process.env);
  return createActivities({
    stores: activityStores(pool, keyring),
    signer: await createSigner(await currentIssuerKey(pool, keyring)),
    starter: workflowStarter(client, taskQueue),
    directory: workflowDirectory(client),
  });
}

const built = fileURLToPath(new URL('./workflows.js', import.meta.url));
const workflowsPath = existsSync(built) ? built : fileURLToPath(new URL('./workflows.ts', import.meta.url));
const { connectionOptions, namespace } = temporalSettings(process.env);
const connection = await NativeConnection.connect(connectionOptions);
const worker = await createWorker({
  connection,
  namespace,
  taskQueue,
  activities: kind === 'regular' ? await realActivities() : EMPTY,
  workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
});
watchProcessEnd(createLogger('bench worker', 'error')).onEnd(() => worker.shutdown());
console.log('ready');
await worker.run();
await Promise.allSettled([connection.close(), pool.end()]);
