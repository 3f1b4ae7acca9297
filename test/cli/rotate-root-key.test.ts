import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rotateRootKeyCommand } from '../../cli/commands/rotate-root-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { insertProject, rootKeyReferences } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { run } from './run.ts';

const [OLD, NEW] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const idOf = (text: string) => parseRootKey(text).id;

let db: TestDatabase;
beforeEach(async () => {
  db = await createDatabase();
});
afterEach(() => db.drop());

/** The keyring of a process that was started with this LETSPING_ROOT_KEY. */
const keyringOf = (text: string) => createKeyring(parseRootKey(text), storedKeys(db.pool));

async function newProject(): Promise<string> {
  const id = newId('prj');
  await inProject(db.pool, id, (tx) => insertProject(tx, 'test', keyringOf(OLD).wrapProjectKey(id)));
  return id;
}

test('the command prints its counts, can be repeated, and refuses without the old key before it writes', async () => {
  const ids = [await newProject(), await newProject()];
  await currentIssuerKey(db.pool, keyringOf(OLD));
  const env = (root: string) => ({ DATABASE_URL: db.app_url, LETSPING_ROOT_KEY: root });

  const refused = await run(rotateRootKeyCommand, [], env(NEW));
  expect(refused).toMatchObject({ code: 1, failure: { code: 'start_refused' } });
  expect(refused.err).toContain(idOf(OLD));
  expect(refused.err).not.toContain(NEW);
  expect(await rootKeyReferences(db.pool)).toEqual({ [idOf(OLD)]: 2 });

  const first = await run(rotateRootKeyCommand, ['--json'], env(`${NEW},${OLD}`));
  expect(JSON.parse(first.out)).toEqual({
    root_key_id: idOf(NEW),
    projects: 2,
    issuer_keys: 1,
    unchanged: 0,
    references: { [idOf(NEW)]: 2 },
  });
  const again = await run(rotateRootKeyCommand, [], env(`${NEW},${OLD}`));
  expect(again.out).toBe(`under ${idOf(NEW)}: 0 project keys and 0 signing keys wrapped, 3 unchanged\n`);
  for (const id of ids) await keyringOf(NEW).sealer(id);
});
