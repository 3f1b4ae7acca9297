// A worker whose firewall step is broken: BROKEN_SCREEN=throw|hang|<JSON of what it answers>. Plain JavaScript over the build; nothing
// of it is in the product.
import { NativeConnection } from '@temporalio/worker';
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
const signer = await createSigner(await currentIssuerKey(pool, keyring));
const broken = {
  throw: async () => {
    throw new Error('a guardrail is broken');
  },
  hang: () => new Promise(() => {}),
};
const worker = await createWorker({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: env.LETSPING_TASK_QUEUE,
  workflowBundle: await workflowBundle(),
  activities: {
    screen: broken[env.BROKEN_SCREEN] ?? (async () => JSON.parse(env.BROKEN_SCREEN)),
    settle: createSettle({ ledger: activityStores(pool, keyring).ledger, signer }),
    startDeliveries: async () => {},
  },
});
console.log('"worker ready"');
await worker.run();
