import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { NewAct } from '../../domain/acts/act.ts';
import type { Anchor } from '../../domain/acts/ports.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';
import { acceptRestore } from '../../storage/acts/accept-restore.ts';
import { type ActLog, createActLog } from '../../storage/acts/act-log.ts';
import { refuseRolledBack } from '../../storage/acts/refuse-rolled-back.ts';
import { verifyChain } from '../../storage/acts/verify-chain.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

let db: TestDatabase;
let keyring: Keyring;
let project_id: string;
let dir: string;
let anchor: Anchor;
beforeEach(async () => {
  db = await createDatabase();
  keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  project_id = newId('prj');
  await inProject(db.pool, project_id, (tx) => insertProject(tx, 'acme', keyring.wrapProjectKey(project_id)));
  dir = mkdtempSync(join(tmpdir(), 'letsping-acts-'));
  anchor = anchorFile(join(dir, 'anchor.json'));
});
afterEach(async () => {
  await db.drop();
  rmSync(dir, { recursive: true });
});

/** As an api process has it. */
const newLog = (given?: Anchor): ActLog => createActLog({ pool: db.pool, keyring, anchor: given });

const act = (subject: string): NewAct => ({
  kind: 'key_created',
  subject,
  by: actor('ana'),
  details: { role: 'agent' },
});
const record = (log: ActLog, subject: string) =>
  log.transact(project_id, (_tx, _sealer, recordAct) => recordAct(act(subject)));
const records = async (log: ActLog, ...subjects: string[]) => {
  for (const subject of subjects) await record(log, subject);
};

/** What the attacker does: with the rights of the tables' owner, and past the triggers. */
async function asOwner<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: db.owner_url });
  await client.connect();
  try {
    await client.query("select set_config('app.project_id', '*', false)");
    await client.query('alter table admin_acts disable trigger admin_acts_are_append_only');
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.query('alter table admin_acts enable trigger admin_acts_are_append_only');
    await client.end();
  }
}
const chain = async () => verifyChain(db.pool, await keyring.sealer(project_id), undefined);
const incidents = async () =>
  (await asOwner<{ kind: string }>('select kind from incidents where project_id = $1 order by kind', [project_id])).map(
    ({ kind }) => kind,
  );

test('acts of several processes make one chain, and nobody changes one', async () => {
  const logs = [newLog(anchor), newLog(anchor), newLog(anchor)];
  await Promise.all(Array.from({ length: 30 }, (_, i) => record(logs[i % 3]!, `key_${i}`)));
  const { head, fault } = await chain();
  expect(fault).toBeUndefined();
  expect(head).toMatchObject({ epoch: 1, number: 30 });
  expect((await anchor.read())?.get(project_id)).toMatchObject({ number: 30, mac: head!.mac });
  for (const sql of ['update admin_acts set number = 99 where number = 1', 'delete from admin_acts']) {
    await expect(inProject(db.pool, project_id, (tx) => tx.query(sql))).rejects.toThrow(/permission denied/);
    const owner = new pg.Client({ connectionString: db.owner_url });
    await owner.connect();
    await owner.query("select set_config('app.project_id', '*', false)");
    await expect(owner.query(sql)).rejects.toThrow(/append-only/);
    await owner.end();
  }
});

test('a transaction that fails leaves neither its act nor a higher anchor', async () => {
  const log = newLog(anchor);
  await record(log, 'key_1');
  await expect(
    log.transact(project_id, async (_tx, _sealer, recordAct) => {
      await recordAct(act('key_2'));
      throw new Error('stopped');
    }),
  ).rejects.toThrow('stopped');
  expect((await chain()).head?.number).toBe(1);
  expect((await anchor.read())?.get(project_id)?.number).toBe(1);
});

test.each([
  ['a changed act', "update admin_acts set actor = 'eve' where number = 3", /act 3 was changed/],
  ['changed details', `update admin_acts set details = '{"role":"admin"}' where number = 3`, /act 3 was changed/],
  ['a missing act', 'delete from admin_acts where number = 3', /act 3 is missing/],
  ['the first act missing', 'delete from admin_acts where number = 1', /act 1 is missing/],
  [
    'two acts that change places',
    'update admin_acts set number = case number when 2 then 3000 else 2 end where number in (2, 3); update admin_acts set number = 3 where number = 3000',
    /act 2 was changed/,
  ],
  [
    'an act of somebody else',
    `insert into admin_acts select project_id, 6, epoch, kind, 'key_eve', actor, details, created_at, mac, mac from admin_acts where number = 5`,
    /act 6 was changed, or written by somebody else/,
  ],
  ['no act at all', 'delete from admin_acts', /has no administrative act/],
])('%s is found at the start, without an anchor', async (_, sql, sentence) => {
  await records(newLog(), 'key_1', 'key_2', 'key_3', 'key_4', 'key_5');
  await refuseRolledBack(db.pool, keyring);
  await asOwner(sql);
  await expect(refuseRolledBack(db.pool, keyring)).rejects.toThrow(sentence);
  await expect(refuseRolledBack(db.pool, keyring)).rejects.toThrow(/letsping restore --accept --reason TEXT/);
  expect(await incidents()).toHaveLength(1);
});

test('an act that somebody else added is refused as a predecessor', async () => {
  const log = newLog();
  await records(log, 'key_1');
  await asOwner(
    `insert into admin_acts select project_id, 2, epoch, kind, 'key_eve', actor, details, created_at, mac, mac from admin_acts where number = 1`,
  );
  await expect(record(log, 'key_2')).rejects.toThrow(RowForged);
  expect(await incidents()).toEqual(['forged_row']);
});

test('an older consistent chain: a start finds it by the anchor, a running process by what it saw', async () => {
  const [first, second] = [newLog(anchor), newLog(anchor)];
  await records(first, 'key_1', 'key_2', 'key_3');
  await asOwner('delete from admin_acts where number = 3');
  await expect(refuseRolledBack(db.pool, keyring, anchor)).rejects.toThrow(
    /last administrative act is 2 of epoch 1, the anchor has act 3 of epoch 1/,
  );
  expect(await incidents()).toEqual(['rolled_back']);
  await asOwner('delete from incidents');
  await expect(record(first, 'key_4')).rejects.toThrow(RolledBack);
  expect(await incidents()).toEqual(['rolled_back']);
  // A process that made no act yet knows it from the anchor; without one it cannot.
  await expect(record(second, 'key_4')).rejects.toThrow(RolledBack);
  expect((await anchor.read())?.get(project_id)?.number).toBe(3);
  await record(newLog(), 'other_3');
  expect((await chain()).fault).toBeUndefined();
});

test('another chain of the same or a greater length is not the one of the anchor', async () => {
  await records(newLog(anchor), 'key_1', 'key_2', 'key_3');
  await asOwner('delete from admin_acts where number >= 2');
  await records(newLog(), 'other_2', 'other_3');
  await expect(refuseRolledBack(db.pool, keyring, anchor)).rejects.toThrow(
    /act 3 of epoch 1 is not the one of the anchor/,
  );
  await records(newLog(), 'other_4');
  await expect(refuseRolledBack(db.pool, keyring, anchor)).rejects.toThrow(
    /act 3 of epoch 1 is not the one of the anchor/,
  );
});

test('a host whose anchor lags behind starts, and its anchor follows; a project that is gone is missed', async () => {
  const [here, there] = [anchor, anchorFile(join(dir, 'there.json'))];
  await records(newLog(here), 'key_1');
  await refuseRolledBack(db.pool, keyring, there);
  await records(newLog(here), 'key_2', 'key_3');
  const heads = await refuseRolledBack(db.pool, keyring, there);
  expect(heads.get(project_id)?.number).toBe(3);
  expect((await there.read())?.get(project_id)).toMatchObject({ number: 3, mac: heads.get(project_id)?.mac });
  await asOwner('delete from admin_acts');
  await asOwner('delete from projects');
  await expect(refuseRolledBack(db.pool, keyring, there)).rejects.toThrow(
    new RegExp(`project ${project_id} is not in it, the anchor has it`),
  );
});

test('a start verifies the newest acts and those since the anchor; the whole chain is verified on demand', async () => {
  const log = newLog();
  for (let i = 1; i <= 12; i++) await record(log, `key_${i}`);
  const sealer = await keyring.sealer(project_id);
  const lagging = { epoch: 1, number: 2, mac: '' };
  await asOwner("update admin_acts set actor = 'eve' where number = 4");
  expect((await verifyChain(db.pool, sealer, undefined, 5)).fault).toBeUndefined();
  expect((await verifyChain(db.pool, sealer, lagging, 5)).fault?.detail).toMatch(/act 4 was changed/);
  expect((await verifyChain(db.pool, sealer, undefined, Number.MAX_SAFE_INTEGER)).fault?.detail).toMatch(/act 4/);
});

test('a person accepts a restored backup: what was lost is listed, a new epoch begins, and the old state is refused then', async () => {
  const log = newLog(anchor);
  await records(log, 'key_1', 'key_2', 'key_3', 'key_4');
  const newest = await asOwner('select * from admin_acts where number > 2');
  await asOwner('delete from admin_acts where number > 2');
  const accept = () => acceptRestore({ pool: db.pool, keyring, anchor, reason: 'disk failure' });

  const { projects, missing } = await accept();
  expect(missing).toEqual([]);
  expect(projects).toMatchObject(
    [{ project_id, epoch: 2, fault: /last administrative act is 2/ }].map(({ fault: _, ...rest }) => rest),
  );
  expect(projects[0]?.fault).toMatch(/last administrative act is 2 of epoch 1/);
  expect(projects[0]?.lost.map(({ number, subject }) => [number, subject])).toEqual([
    [3, 'key_3'],
    [4, 'key_4'],
  ]);
  const [opened] = await asOwner<{ kind: string; epoch: number; details: object }>(
    'select kind, epoch, details from admin_acts where number = 3',
  );
  expect(opened).toEqual({
    kind: 'epoch_opened',
    epoch: 2,
    details: {
      from: { address: null, key_id: null, surface: 'terminal' },
      reason: 'disk failure',
      anchored_epoch: 1,
      anchored_number: 4,
      lost: 2,
    },
  });
  await refuseRolledBack(db.pool, keyring, anchor);
  await record(log, 'key_5'); // a process that saw the old epoch goes on
  expect((await accept()).projects).toEqual([]);

  // The state of the old epoch is longer, and older.
  await asOwner('delete from admin_acts where number > 2');
  const [columns] = newest;
  const names = Object.keys(columns!);
  for (const row of newest)
    await asOwner(
      `insert into admin_acts (${names.join(', ')}) select ${names.map((name) => `r.${name}`).join(', ')} from json_populate_record(null::admin_acts, $1) r`,
      [JSON.stringify({ ...row, ...bytes(row) })],
    );
  await expect(refuseRolledBack(db.pool, keyring, anchor)).rejects.toThrow(
    /last administrative act is 4 of epoch 1, the anchor has act 4 of epoch 2/,
  );
});

/** As PostgreSQL reads bytea from JSON. */
const bytes = (row: object) =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      value instanceof Buffer ? [[name, `\\x${value.toString('hex')}`]] : [],
    ),
  );

test('a chain that somebody damaged, or an anchor that is damaged, does not stop the deployment for good', async () => {
  const log = newLog(anchor);
  await records(log, 'key_1', 'key_2', 'key_3');
  await asOwner('delete from admin_acts where number = 2');
  const accept = (given: Anchor | undefined) =>
    acceptRestore({ pool: db.pool, keyring, anchor: given, reason: 'looked at it' });
  expect((await accept(anchor)).projects[0]).toMatchObject({ epoch: 2, fault: 'act 2 is missing' });
  await refuseRolledBack(db.pool, keyring, anchor);

  await asOwner(
    `insert into admin_acts select project_id, 5, 7, 'epoch_opened', '7', actor, details, created_at, mac, mac from admin_acts where number = 4`,
  );
  await expect(refuseRolledBack(db.pool, keyring, anchor)).rejects.toThrow(/act 5 was changed/);
  expect((await accept(anchor)).projects[0]).toMatchObject({ epoch: 3 });
  await refuseRolledBack(db.pool, keyring, anchor);
  await record(log, 'key_4');

  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(dir, 'anchor.json'), 'x');
  await expect(refuseRolledBack(db.pool, keyring, anchor)).rejects.toThrow(/is damaged.*restore --accept/);
  expect((await accept(anchor)).projects[0]).toMatchObject({ epoch: 4, lost: [] });
  expect((await refuseRolledBack(db.pool, keyring, anchor)).get(project_id)?.epoch).toBe(4);
  // Without an anchor nobody knows whether something was lost: the epoch is opened in any case.
  expect((await accept(undefined)).projects[0]).toMatchObject({ epoch: 5, lost: [] });
});
