import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScreen } from '../../activities/screen.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { insertRequest } from '../../storage/approvals/insert-request.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject, loadProjectKey } from '../../storage/keys/projects.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

let db: TestDatabase;
const project_id = newId('prj');
const keyring = () => createKeyring(parseRootKey(root), loadProjectKey(db.pool));
const root = randomBytes(32).toString('base64');
beforeAll(async () => {
  db = await createDatabase();
  await inProject(db.pool, project_id, (tx) => insertProject(tx, 'p', keyring().wrapProjectKey(project_id)));
});
afterAll(() => db.drop());

test("a request's verdict is read without unsealing its payload", async () => {
  const request = newRequest({ verdict: 'block', held_by: null });
  const ref = { project_id, request_id: request.id };
  const stores = activityStores(db.pool, keyring());
  const sealer = await keyring().sealer(project_id);
  await inProject(db.pool, project_id, (tx) => insertRequest(tx, sealer, request));
  const owner = new pg.Client({ connectionString: db.owner_url });
  await owner.connect();
  await owner
    .query("update approval_requests set sealed = '\\x00' where id = $1", [request.id])
    .finally(() => owner.end());

  await expect(stores.screen.request(ref)).rejects.toThrow();
  expect(await createScreen(stores.screen)(ref)).toBe('block');
});

test('an unknown request is an error, not a verdict', async () => {
  const screen = createScreen(activityStores(db.pool, keyring()).screen);
  await expect(screen({ project_id, request_id: newId('req') })).rejects.toMatchObject({ code: 'not_found' });
});
