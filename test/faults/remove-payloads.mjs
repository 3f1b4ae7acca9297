// One pass over what is to be removed, in batches of two, as a worker makes it: for processes that are killed in the middle.
import { createApplyRetention } from '../../dist/activities/watch/apply-retention.js';
import { createKeyring } from '../../dist/crypto/keyring.js';
import { parseRootKey } from '../../dist/crypto/root-key.js';
import { activityStores } from '../../dist/storage/activity-stores.js';
import { createPool } from '../../dist/storage/db/pool.js';
import { storedKeys } from '../../dist/storage/keys/stored-keys.js';

const pool = createPool(process.env.DATABASE_URL);
const keyring = createKeyring(parseRootKey(process.env.LETSPING_ROOT_KEY), storedKeys(pool));
const { retention: store, incidents } = activityStores(pool, keyring);
await createApplyRetention({ store, incidents, batch: 2 })();
await pool.end();
process.exit(0);
