// A worker that dies inside `settle`: SIGKILL before the commit or right after it, at its first call. Plain JavaScript over the
// build, because it has to be a process of its own; nothing of it is in the product.
import { NativeConnection } from '@temporalio/worker';
import { createScreen } from '../../dist/activities/screen.js';
import { createSettle } from '../../dist/activities/settle.js';
import { createKeyring } from '../../dist/crypto/keyring.js';
import { parseRootKey } from '../../dist/crypto/root-key.js';
import { createSigner } from '../../dist/crypto/signing.js';
import { activityStores } from '../../dist/storage/activity-stores.js';
import { createPool } from '../../dist/storage/db/pool.js';
import { currentIssuerKey } from '../../dist/storage/keys/issuer-keys.js';
import { loadProjectKey } from '../../dist/storage/keys/projects.js';
import { workflowBundle } from '../../dist/workers/bundle.js';
import { createWorker } from '../../dist/workers/create-worker.js';

const { env } = process;
const pool = createPool(env.DATABASE_URL);
const keyring = createKeyring(parseRootKey(env.LETSPING_ROOT_KEY), loadProjectKey(pool));
const stores = activityStores(pool, keyring);
const signer = await createSigner(await currentIssuerKey(pool, keyring));
const settle = createSettle({ ledger: stores.ledger, signer });
const die = () => process.kill(process.pid, 'SIGKILL');

const worker = await createWorker({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: env.LETSPING_TASK_QUEUE,
  workflowBundle: await workflowBundle(),
  activities: {
    screen: createScreen(stores.screen),
    settle: async (...args) => {
      if (env.CRASH_AT === 'before-commit') die();
      await settle(...args);
      die();
    },
    startDeliveries: async () => {},
  },
});
console.log('"worker ready"');
await worker.run();
