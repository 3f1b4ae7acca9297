import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inProject } from '../../../storage/db/transaction.ts';
import { interruptOfRequest } from '../../../storage/threads/interrupt-of-request.ts';
import { Approvals } from './approvals.ts';
import { createGround, type Ground } from './fixtures.ts';

/** The attacker writes to the database and does not have the root key. */
let ground: Ground;
let owner: pg.Client;
beforeAll(async () => {
  ground = await createGround();
  owner = new pg.Client({ connectionString: ground.database.owner_url });
  await owner.connect();
  await owner.query("set app.project_id = '*'");
});
afterAll(async () => {
  await owner.end();
  await ground.database.drop();
});

const forged = { name: 'RowForged' };

/** A thread with an interrupt of two requests, one of them approved, and another interrupt whose only request is approved. */
async function setUp() {
  const { project_id, store } = await ground.project();
  const lp = new Approvals(ground.database.pool, ground.keyring, project_id);
  const thread_id = crypto.randomUUID();
  const open = async (action: string, thread = thread_id) =>
    (await lp.open({ service: 'billing', action, payload: { action }, context: { thread_id: thread } })).id;
  const [first, pending, other, elsewhere] = [
    await open('first'),
    await open('pending'),
    await open('other'),
    await open('elsewhere', `${thread_id}/2`),
  ] as [string, string, string, string];
  for (const id of [first, other, elsewhere]) await lp.decide(id, { status: 'approved' });
  await store.linkInterrupt({ thread_id, interrupt_id: 'waiting', graph: 'g', request_ids: [first, pending] });
  await store.linkInterrupt({ thread_id, interrupt_id: 'answered', graph: 'g', request_ids: [other] });
  const sealer = await ground.keyring.sealer(project_id);
  const incidents = async () =>
    (await owner.query<{ kind: string }>('select kind from incidents where project_id = $1', [project_id])).rows.map(
      ({ kind }) => kind,
    );
  return {
    ...{ project_id, store, lp, thread_id, first, pending, other, elsewhere, incidents },
    answers: (interrupt_id = 'waiting') => store.interruptAnswers(thread_id, [interrupt_id]),
    linked: (interrupt_id = 'waiting') => store.linkedInterrupts(thread_id, [interrupt_id]),
    delivered: (id: string) => inProject(ground.database.pool, project_id, (tx) => interruptOfRequest(tx, sealer, id)),
  };
}

test('a waiting interrupt has no answer, and an answered one has its own', async () => {
  const t = await setUp();

  expect(await t.answers()).toEqual([{ interrupt_id: 'waiting', resumed: false }]);
  expect(await t.answers('answered')).toMatchObject([{ answers: [{ id: t.other, status: 'APPROVED' }] }]);
  expect(await t.linked()).toEqual(['waiting']);
  expect(await t.delivered(t.pending)).toMatchObject({ interrupt_id: 'waiting', all_closed: false });
  expect(await t.incidents()).toEqual([]);
});

describe('a waiting interrupt does not continue', () => {
  const links = "where project_id = $1 and interrupt_id = 'waiting'";
  const remove = `delete from thread_interrupts ${links}`;
  const set = (columns: string) => `update thread_interrupts set ${columns} ${links}`;
  type Thread = Awaited<ReturnType<typeof setUp>>;
  test.each<[string, (t: Thread) => [string, ...unknown[]][]]>([
    [
      'when the pending request is replaced by an approved one of another thread',
      (t) => [[`${set('request_id = $2')} and position = 1`, t.elsewhere]],
    ],
    [
      'when its links are replaced by one to an approved request',
      (t) => [
        [remove],
        [
          `insert into thread_interrupts (project_id, thread_id, interrupt_id, position, total, graph, request_id, mac)
           select $1, thread_id, 'waiting', 0, 1, 'g', $3, mac from thread_interrupts where request_id = $2`,
          t.other,
          t.elsewhere,
        ],
      ],
    ],
    [
      'when the genuine link of an approved request is moved to it',
      () => [
        [remove],
        ["update thread_interrupts set interrupt_id = 'waiting' where project_id = $1 and interrupt_id = 'answered'"],
      ],
    ],
    ['when the link of its pending request is removed', () => [[`${remove} and position = 1`]]],
    ['when it names fewer requests', () => [[`${remove} and position = 1`], [set('total = 1')]]],
    ['when its requests change places', () => [[set('position = 1 - position + 2, total = 4')]]],
    ['under the name of another graph', () => [[set("graph = 'other'")]]],
    ['without a code', () => [[set('mac = null')]]],
    ['with another code', () => [[set("mac = decode(repeat('01', 17), 'hex')")]]],
  ])('%s', async (_, attack) => {
    const t = await setUp();
    for (const [text, ...values] of attack(t)) await owner.query(text, [t.project_id, ...values]);

    await expect(t.answers()).rejects.toMatchObject(forged);
    await expect(t.linked()).rejects.toMatchObject(forged);
    expect(await t.incidents()).toEqual(['forged_row']);
    const { rows } = await owner.query<{ request_id: string }>(
      "select request_id from thread_interrupts where project_id = $1 and interrupt_id = 'waiting'",
      [t.project_id],
    );
    for (const { request_id } of rows) await expect(t.delivered(request_id)).rejects.toMatchObject(forged);
  });

  test('when the outcome of its pending request is made up', async () => {
    const t = await setUp();
    await owner.query(
      `with shown as (update approval_requests set status = 'approved', resolved_at = now() where id = $1)
       insert into ledger select $1, project_id, status, cause, payload_digest, decision_id, actor, channel, verified, resolved_at, receipt
       from ledger where request_id = $2`,
      [t.pending, t.first],
    );
    await expect(t.answers()).rejects.toMatchObject(forged);
    expect(await t.incidents()).toEqual(['forged_receipt']);
  });
});

test('the mark that an interrupt was resumed only withholds its answer', async () => {
  const t = await setUp();
  await owner.query(`update thread_interrupts set resumed_at = now() where project_id = $1`, [t.project_id]);
  expect(await t.answers('answered')).toEqual([{ interrupt_id: 'answered', resumed: true, answers: [] }]);
});

describe('a pause is refused', () => {
  test.each([
    ['with another request', 'request_id = $2'],
    ['that is called allowed', 'held = not held'],
    ['of another node', "pause_key = 'b'"],
    ['without a code', 'mac = null'],
  ])('%s', async (_, columns) => {
    const t = await setUp();
    await t.store.putPause(t.thread_id, 'a', { request_id: t.pending, held: true });
    expect(await t.store.readPause(t.thread_id, 'a')).toEqual({ request_id: t.pending, held: true });
    const named = columns.includes('$2') ? [t.other] : [];
    await owner.query(`update thread_pauses set ${columns} where project_id = $1`, [t.project_id, ...named]);

    const key = columns.startsWith('pause_key') ? 'b' : 'a';
    await expect(t.store.readPause(t.thread_id, key)).rejects.toMatchObject(forged);
    await expect(t.store.putPause(t.thread_id, key, { request_id: t.pending, held: true })).rejects.toMatchObject(
      forged,
    );
    expect(await t.incidents()).toEqual(['forged_row']);
  });
});

test("a thread is not found by another thread's key", async () => {
  const t = await setUp();
  const sealer = await ground.keyring.sealer(t.project_id);
  const keyOf = (thread_id: string) => sealer.pseudonym('thread', thread_id);
  await t.store.putWrites({ thread_id: t.thread_id, checkpoint_ns: '', checkpoint_id: 'c' }, [
    { task_id: 't', idx: 0, task_path: '', channel: 'a', value: { type: 'json', bytes: new Uint8Array() } },
  ]);
  expect(await t.store.threadByKey(keyOf(t.thread_id))).toBe(t.thread_id);
  await owner.query('update threads set thread_key = $2 where project_id = $1', [t.project_id, keyOf('other')]);

  await expect(t.store.threadByKey(keyOf('other'))).rejects.toMatchObject(forged);
  expect(await t.incidents()).toEqual(['forged_row']);
});
