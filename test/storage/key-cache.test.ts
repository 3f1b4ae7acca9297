import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createKeyCache, type KeyCache } from '../../storage/access/key-cache.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { listen } from '../../storage/db/events.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

let db: TestDatabase;
const project = newId('prj');
let keyring: Keyring;
/** The stores of one api process. */
const api = (keys: KeyCache = createKeyCache()) => apiStores(db.pool, keyring, keys);
let store: ReturnType<typeof api>['keys'];

beforeAll(async () => {
  db = await createDatabase();
  keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  await inProject(db.pool, project, (tx) => insertProject(tx, project, keyring.wrapProjectKey(project)));
  store = api().keys;
});
afterAll(() => db.drop());

const made = async () => {
  const id = newId('key');
  await store.createKey(project, id, { name: 'n', owner: 'o', role: 'agent' }, randomBytes(32), actor('ana'));
  return id;
};

test('a key that was revoked in another process is refused once the notification arrives', async () => {
  const keys = createKeyCache();
  let isListening = () => {};
  const listening = new Promise<void>((resolve) => {
    isListening = resolve;
  });
  const listener = listen(db.app_url, { onEvent: () => {}, onRevoked: keys.forget, onGap: isListening });
  try {
    await listening;
    const { identities } = api(keys);
    const id = await made();
    expect(await identities.key(id)).toMatchObject({ id });
    await store.revokeKey(project, id, actor('ana'));
    await vi.waitFor(async () => expect(await identities.key(id)).toBeUndefined(), { timeout: 900, interval: 10 });
  } finally {
    await listener.stop();
  }
});

test('if the notification is lost, the key is accepted for half a second at most', async () => {
  const { identities } = api();
  const id = await made();
  expect(await identities.key(id)).toMatchObject({ id });
  await store.revokeKey(project, id, actor('ana'));
  expect(await identities.key(id)).toMatchObject({ id });
  await new Promise((resolve) => setTimeout(resolve, 450));
  expect(await identities.key(id)).toBeUndefined();
});

test('a key that is revoked while it is read is not cached', async () => {
  const keys = createKeyCache();
  const row = { id: 'key_1' } as never;
  const found = await keys.read('key_1', async () => {
    keys.forget('key_1');
    return row;
  });
  expect(found).toBe(row);
  expect(await keys.read('key_1', async () => undefined)).toBeUndefined();
});

test('an unknown key is looked up each time', async () => {
  const keys = createKeyCache();
  expect(await keys.read('key_2', async () => undefined)).toBeUndefined();
  expect(await keys.read('key_2', async () => ({ id: 'key_2' }) as never)).toMatchObject({ id: 'key_2' });
});
