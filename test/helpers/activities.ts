import type { ActivityDeps } from '../../activities/index.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner } from '../../crypto/signing.ts';
import { workflowDirectory } from '../../runtime/temporal/workflow-directory.ts';
import { workflowStarter } from '../../runtime/temporal/workflow-starter.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import type { TestSystem } from './system.ts';

/** What the worker gives `createActivities`, in this process, on the test's database and Temporal. */
export async function activityDeps(system: TestSystem): Promise<ActivityDeps> {
  const { pool } = system.database;
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(pool));
  return {
    stores: activityStores(pool, keyring),
    signer: await createSigner(await currentIssuerKey(pool, keyring)),
    starter: workflowStarter(system.temporal, system.env['LETSPING_TASK_QUEUE']!),
    directory: workflowDirectory(system.temporal),
  };
}
