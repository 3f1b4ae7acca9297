// The activities of the worker over the build, for worker processes that replace some of them.
import { createActivities } from '../../dist/activities/index.js';
import { createKeyring } from '../../dist/crypto/keyring.js';
import { parseRootKey } from '../../dist/crypto/root-key.js';
import { createSigner } from '../../dist/crypto/signing.js';
import { temporalClient } from '../../dist/runtime/temporal/client.js';
import { workflowDirectory } from '../../dist/runtime/temporal/workflow-directory.js';
import { workflowStarter } from '../../dist/runtime/temporal/workflow-starter.js';
import { activityStores } from '../../dist/storage/activity-stores.js';
import { createPool } from '../../dist/storage/db/pool.js';
import { currentIssuerKey } from '../../dist/storage/keys/issuer-keys.js';
import { storedKeys } from '../../dist/storage/keys/stored-keys.js';

export async function builtActivities(env) {
  const pool = createPool(env.DATABASE_URL);
  const keyring = createKeyring(parseRootKey(env.LETSPING_ROOT_KEY), storedKeys(pool));
  const { client } = temporalClient(env);
  return createActivities({
    stores: activityStores(pool, keyring),
    signer: await createSigner(await currentIssuerKey(pool, keyring)),
    starter: workflowStarter(client, env.LETSPING_TASK_QUEUE),
    directory: workflowDirectory(client),
  });
}
