import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { IdempotencyScope, IdempotencyStore } from '../../domain/access/ports.ts';
import { idempotencyStore } from '../../storage/access/access-stores.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

/** The attacker writes to the database and does not have the root key. */
let db: TestDatabase;
let owner: pg.Client;
let store: IdempotencyStore;
const project = newId('prj');
beforeAll(async () => {
  db = await createDatabase();
  const keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  await inProject(db.pool, project, (tx) => insertProject(tx, project, keyring.wrapProjectKey(project)));
  store = idempotencyStore(db.pool, keyring);
  owner = new pg.Client({ connectionString: db.owner_url });
  await owner.connect();
  await owner.query("set app.project_id = '*'");
});
afterAll(async () => {
  await owner.end();
  await db.drop();
});

const scope = (given: Partial<IdempotencyScope> = {}): IdempotencyScope => ({
  key_id: 'key_agent',
  route: 'ingest',
  key: randomBytes(8).toString('hex'),
  body_sha256: createHash('sha256').update('body').digest(),
  ...given,
});
const hashOf = ({ key }: IdempotencyScope) =>
  createHash('sha256')
    .update(JSON.stringify([key]))
    .digest();

/** A finished use of a key: its record was approved. */
async function approved(given: Partial<IdempotencyScope> = {}) {
  const use = scope(given);
  const reference = newId('req');
  await store.lock(project, use, reference);
  await store.keep(project, use, reference, 201, { id: reference, status: 'APPROVED' });
  return { ...use, reference };
}
/** An attempt that died before its answer. */
async function died(given: Partial<IdempotencyScope> = {}) {
  const use = scope(given);
  const reference = newId('req');
  await store.lock(project, use, reference);
  await store.release(project, use);
  return { ...use, reference };
}
const change = (use: IdempotencyScope, columns: string, ...values: unknown[]) =>
  owner.query(`update idempotency_keys t set ${columns} where key_hash = $1`, [hashOf(use), ...values]);
const lock = (use: IdempotencyScope) => store.lock(project, use, newId('req'));

test('a repeat gets the first answer, and after a dead attempt the id of the first', async () => {
  const done = await approved();
  expect(await lock(done)).toEqual({ state: 'done', status: 201, answer: { id: done.reference, status: 'APPROVED' } });
  const dead = await died();
  expect(await lock(dead)).toEqual({ state: 'first', reference: dead.reference });
});

describe('a key is not answered with the record of another one', () => {
  const other = (columns: string[]) =>
    columns.map((name) => `${name} = (select ${name} from idempotency_keys o where o.key_hash = $2)`).join(', ');
  test.each<[string, string[]]>([
    ['by the reference of an attempt that died', ['reference']],
    ['by reference and code', ['reference', 'mac']],
    ['by its answer', ['reference', 'status', 'sealed_answer']],
    ['by its answer and code', ['reference', 'status', 'sealed_answer', 'mac']],
  ])('%s', async (_, columns) => {
    for (const theirs of [{}, { key_id: 'key_other' }, { route: 'decide' }]) {
      const [victim, source] = [await died(), await approved(theirs)];
      await change(victim, other(columns), hashOf(source));
      await expect(lock(victim)).rejects.toMatchObject({ name: 'RowForged' });
    }
  });

  test('by the answer alone, by another reference, or without a code', async () => {
    const [victim, source] = [await approved(), await approved()];
    await change(victim, other(['sealed_answer']), hashOf(source));
    await expect(lock(victim)).rejects.toMatchObject({ name: 'RowForged' });
    for (const columns of ["reference = 'req_x'", 'mac = null']) {
      const dead = await died();
      await change(dead, columns);
      await expect(lock(dead)).rejects.toMatchObject({ name: 'RowForged' });
    }
  });

  test('by a finished key that is opened again, with the record of another', async () => {
    const [victim, source] = [await approved(), await approved()];
    await change(
      victim,
      `status = null, sealed_answer = null, locked_until = now() - interval '1 hour', ${other(['reference', 'mac'])}`,
      hashOf(source),
    );
    await expect(lock(victim)).rejects.toMatchObject({ name: 'RowForged' });
  });

  test('and the status of an answer is the sealed one', async () => {
    const done = await approved();
    await change(done, 'status = 409');
    expect(await lock(done)).toMatchObject({ status: 201 });
  });
});

test('a row that was made for a key in advance is refused', async () => {
  const [use, source] = [scope(), await approved()];
  await owner.query(
    `insert into idempotency_keys (project_id, key_id, route, key_hash, body_hash, reference, locked_until, status, sealed_answer, mac)
     select project_id, key_id, route, $2, body_hash, reference, locked_until, status, sealed_answer, mac from idempotency_keys where key_hash = $1`,
    [hashOf(source), hashOf(use)],
  );
  await expect(lock(use)).rejects.toMatchObject({ name: 'RowForged' });
});
