import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAdmit } from '../../activities/admit.ts';
import type { Caller } from '../../activities/caller.ts';
import type { ApprovalInput } from '../../contracts/workflow.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { insertRequest } from '../../storage/approvals/insert-request.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

let db: TestDatabase;
const project_id = newId('prj');
const keyring = () => createKeyring(parseRootKey(root), storedKeys(db.pool));
const root = randomBytes(32).toString('base64');
beforeAll(async () => {
  db = await createDatabase();
  await inProject(db.pool, project_id, (tx) => insertProject(tx, 'p', keyring().wrapProjectKey(project_id)));
});
afterAll(() => db.drop());

const inputOf = (request: RequestRecord): ApprovalInput => ({
  project_id,
  request_id: request.id,
  payload_digest: request.payload_digest,
  requested_by: request.requested_by,
  expires_at_ms: request.expires_at.getTime(),
  accept_unsigned_signals: request.accept_unsigned_signals,
});

test("a start with its row's terms gets the verdict, without unsealing the payload", async () => {
  const stores = activityStores(db.pool, keyring());
  const sealer = await keyring().sealer(project_id);
  const request = await inProject(db.pool, project_id, (tx) =>
    insertRequest(tx, sealer, newRequest({ verdict: 'block', held_by: null }), new Date()),
  );
  const incidents: string[] = [];
  const admit = (caller?: Caller) =>
    createAdmit({
      store: stores.screen,
      incidents: stores.incidents,
      ...(caller && { caller: () => caller }),
      onIncident: (_, kind) => incidents.push(kind),
    });
  const input = inputOf(request!);
  expect(await admit()(input)).toBe('block');
  expect(await admit({ workflow_id: `approval/${request!.id}`, workflow_type: 'approvalV1' })(input)).toBe('block');
  expect(incidents).toEqual([]);

  for (const wrong of [
    { expires_at_ms: input.expires_at_ms - 1 },
    { expires_at_ms: input.expires_at_ms + 86_400_000 },
    { requested_by: 'mallory' },
    { accept_unsigned_signals: !input.accept_unsigned_signals },
    { payload_digest: `sha256:${'0'.repeat(64)}` },
  ])
    expect(await admit()({ ...input, ...wrong })).toBe('foreign');
  expect(await admit({ workflow_id: 'approval/another', workflow_type: 'approvalV1' })(input)).toBe('foreign');
  expect(await admit({ workflow_id: `approval/${request!.id}`, workflow_type: 'theirs' })(input)).toBe('foreign');
  expect(new Set(incidents)).toEqual(new Set(['foreign_start']));
});

test('a start about an unknown request or project is foreign', async () => {
  const { screen, incidents } = activityStores(db.pool, keyring());
  const kinds: string[] = [];
  const admit = createAdmit({ store: screen, incidents, onIncident: (_, kind) => kinds.push(kind) });
  const input = { payload_digest: '', requested_by: '', expires_at_ms: 0, accept_unsigned_signals: false };
  expect(await admit({ ...input, project_id, request_id: newId('req') })).toBe('foreign');
  expect(await admit({ ...input, project_id: newId('prj'), request_id: newId('req') })).toBe('foreign');
  expect(kinds).toEqual(['foreign_start', 'foreign_start']);
});
