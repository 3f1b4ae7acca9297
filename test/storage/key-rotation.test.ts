import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { refuseForeignRootKey } from '../../storage/db/start-up.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { type Rotated, rotateRootKey } from '../../storage/keys/key-rotation.ts';
import { insertProject, rootKeyReferences } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

const key = () => randomBytes(32).toString('base64');
const [OLD, NEW] = [key(), key()];
const idOf = (text: string) => parseRootKey(text).id;

let db: TestDatabase;
beforeEach(async () => {
  db = await createDatabase();
});
afterEach(() => db.drop());

/** As a process has it that was started with this LETSPING_ROOT_KEY. */
const keyringOf = (text: string) => createKeyring(parseRootKey(text), storedKeys(db.pool));

async function newProject(keyring: Keyring): Promise<string> {
  const id = newId('prj');
  await inProject(db.pool, id, (tx) => insertProject(tx, 'test', keyring.wrapProjectKey(id)));
  return id;
}

test('a rotation under reads and writes loses no read', async () => {
  const before = keyringOf(OLD);
  const issuer = await currentIssuerKey(db.pool, before);
  const sealed = new Map<string, Buffer>();
  const write = async (keyring: Keyring) => {
    const id = await newProject(keyring);
    sealed.set(id, await (await keyring.sealer(id)).seal(['object'], { of: id }));
  };
  for (let i = 0; i < 500; i++) await write(before);

  // Processes of both steps at once, each read with a keyring that has cached nothing.
  const counts = { reads: 0, writes: 0 };
  let isRotating = true;
  const reader = async (root: string) => {
    while (isRotating) {
      const ids = [...sealed.keys()];
      const id = ids[Math.floor(Math.random() * ids.length)]!;
      const opened = await (await keyringOf(root).sealer(id)).unseal(['object'], sealed.get(id)!);
      expect(opened).toEqual({ of: id });
      expect((await currentIssuerKey(db.pool, keyringOf(root))).kid).toBe(issuer.kid);
      counts.reads += 1;
    }
  };
  const writer = async (root: string) => {
    while (isRotating) {
      await write(keyringOf(root));
      counts.writes += 1;
    }
  };
  const load = Promise.all([
    reader(`${OLD},${NEW}`),
    reader(`${NEW},${OLD}`),
    writer(`${NEW},${OLD}`),
    writer(`${OLD},${NEW}`),
  ]);
  // Two at once, there and back, so that the load meets many of them.
  const rotations: Rotated[] = [];
  for (const roots of [`${NEW},${OLD}`, `${OLD},${NEW}`, `${NEW},${OLD}`, `${OLD},${NEW}`, `${NEW},${OLD}`]) {
    rotations.push(...(await Promise.all([1, 2].map(() => rotateRootKey(db.pool, keyringOf(roots))))));
  }
  isRotating = false;
  await load;
  expect(rotations.reduce((sum, { projects }) => sum + projects, 0)).toBeGreaterThanOrEqual(2_500);
  expect(counts.reads).toBeGreaterThan(10);
  expect(counts.writes).toBeGreaterThan(10);

  // What processes of the first step made meanwhile; then the old key is not needed any more.
  await rotateRootKey(db.pool, keyringOf(`${NEW},${OLD}`));
  expect(await rootKeyReferences(db.pool)).toEqual({ [idOf(NEW)]: sealed.size });
  const alone = keyringOf(NEW);
  for (const [id, bytes] of sealed)
    expect(await (await alone.sealer(id)).unseal(['object'], bytes)).toEqual({ of: id });
  expect((await currentIssuerKey(db.pool, alone)).private_jwk).toEqual(issuer.private_jwk);
  await refuseForeignRootKey(db.pool, parseRootKey(NEW));
});

test('a root key that opens the projects and not the signing key is refused, and so is the same key twice', async () => {
  await currentIssuerKey(db.pool, keyringOf(OLD));
  await expect(refuseForeignRootKey(db.pool, parseRootKey(NEW))).rejects.toThrow(/does not open the signing key/);
  expect(() => parseRootKey(`${OLD},${OLD}`)).toThrow(/the same key twice/);
  expect(() => parseRootKey(`${OLD},`)).toThrow(/LETSPING_ROOT_KEY is not 32 bytes/);
});
