import { randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, type Worker } from '@temporalio/worker';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDeliver } from '../../activities/deliver.ts';
import { createActivities } from '../../activities/index.ts';
import type { Receivers } from '../../activities/receivers/index.ts';
import type { Receiver } from '../../activities/receivers/receiver.ts';
import { registered } from '../../contracts/activities.ts';
import { deliveryWorkflowId } from '../../contracts/workflow.ts';
import { workflowStarter } from '../../runtime/temporal/workflow-starter.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { createWorker } from '../../workers/create-worker.ts';
import { activityDeps } from '../helpers/activities.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** A second kind, as a webhook would be: it stores what it receives, and refuses the receivers in `refuses`. */
const mailbox = { received: [] as { receiver: string; request_id: string }[], refuses: new Set<string>() };
const sendToMailbox: Receiver = async ({ receiver, request_id }) => {
  if (mailbox.refuses.has(receiver)) throw ApplicationFailure.nonRetryable('410 Gone', 'gone');
  mailbox.received.push({ receiver, request_id });
};

let system: TestSystem;
let connection: NativeConnection;
let worker: Worker;
let running: Promise<void>;
const ended: { delivery_id: string; result: string }[] = [];
const taskQueue = `receivers-${randomBytes(6).toString('hex')}`;
beforeAll(async () => {
  system = await createSystem();
  const deps = await activityDeps(system);
  const delivering = createDeliver({
    store: deps.stores.deliveries,
    receivers: { mailbox: sendToMailbox } as unknown as Receivers,
    onDelivery: ({ delivery_id }, result) => ended.push({ delivery_id, result }),
  });
  connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  worker = await createWorker({
    connection,
    namespace: inject('temporalNamespace'),
    taskQueue,
    workflowBundle: await bundleWorkflows(),
    activities: { ...createActivities(deps), ...registered(delivering) },
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await connection.close();
  await system.stop();
});

const sql = async (text: string, values: unknown[]) => {
  const client = new pg.Client({ connectionString: system.database.owner_url });
  await client.connect();
  return client.query(text, values).finally(() => client.end());
};
/** A request, and its outbox rows for these receivers; their ids. */
async function outboxOf(kind: string, receivers: string[]) {
  const { body } = await system.call(system.agent_api_key, 'POST', '/api/ingest', {
    service: 's',
    action: 'a',
    payload: { n: 1 },
  });
  const { rows } = await sql(
    'insert into deliveries (project_id, request_id, kind, receiver) select $1, $2, $3, r from unnest($4::text[]) r returning id',
    [system.project_id, body.id, kind, receivers],
  );
  return { request_id: body.id as string, delivery_ids: rows.map(({ id }) => id as string) };
}
const start = async (delivery_ids: string[]) => {
  const starter = workflowStarter(system.temporal, taskQueue);
  for (const delivery_id of delivery_ids) await starter.startDelivery({ project_id: system.project_id, delivery_id });
};
const workflow = (delivery_id: string) => system.temporal.workflow.getHandle(deliveryWorkflowId(delivery_id));
const states = async (request_id: string) =>
  (
    await sql(
      `select receiver, started_at is not null as started, delivered_at is not null as delivered, dead_at is not null as dead
       from deliveries where request_id = $1 order by receiver`,
      [request_id],
    )
  ).rows;

test('two receivers of one kind for one request: two rows, two deliveries', async () => {
  const { request_id, delivery_ids } = await outboxOf('mailbox', ['a', 'b']);
  await start(delivery_ids);
  expect(await Promise.all(delivery_ids.map((id) => workflow(id).result()))).toEqual(['delivered', 'delivered']);
  expect(
    mailbox.received
      .filter((sent) => sent.request_id === request_id)
      .map(({ receiver }) => receiver)
      .sort(),
  ).toEqual(['a', 'b']);
  const delivered = { started: true, delivered: true, dead: false };
  expect(await states(request_id)).toEqual([
    { receiver: 'a', ...delivered },
    { receiver: 'b', ...delivered },
  ]);
  await expect(
    sql(`insert into deliveries (project_id, request_id, kind, receiver) values ($1, $2, 'mailbox', 'a')`, [
      system.project_id,
      request_id,
    ]),
  ).rejects.toThrow(/deliveries_key/);
});

test('one receiver that refuses does not stop the other, and its row becomes a dead letter', async () => {
  mailbox.refuses.add('gone');
  const { request_id, delivery_ids } = await outboxOf('mailbox', ['gone', 'here']);
  await start(delivery_ids);
  expect(await Promise.all(delivery_ids.map((id) => workflow(id).result()))).toEqual(['dead', 'delivered']);
  expect(mailbox.received.filter((sent) => sent.request_id === request_id)).toEqual([{ receiver: 'here', request_id }]);
  expect(await states(request_id)).toEqual([
    { receiver: 'gone', started: true, delivered: false, dead: true },
    { receiver: 'here', started: true, delivered: true, dead: false },
  ]);
  expect(ended).toContainEqual({ delivery_id: delivery_ids[0], result: 'dead' });
});

test('a row of a kind that this release does not know is retried with an error that names it, then dead-lettered', async () => {
  const { request_id, delivery_ids } = await outboxOf('from_a_later_release', ['x']);
  await start(delivery_ids);
  const handle = workflow(delivery_ids[0]!);
  const pending = async () => (await handle.describe()).raw.pendingActivities?.[0];
  await expect
    .poll(async () => (await pending())?.lastFailure?.message, { timeout: 10_000 })
    .toBe('this release has no receiver for deliveries of kind "from_a_later_release"');
  expect(await states(request_id)).toEqual([{ receiver: 'x', started: true, delivered: false, dead: false }]);
  // The three days of retries end now.
  await system.temporal.workflowService.updateActivityOptions({
    namespace: inject('temporalNamespace'),
    execution: { workflowId: handle.workflowId },
    id: (await pending())!.activityId!,
    activityOptions: { scheduleToCloseTimeout: { seconds: 1 as never } },
    updateMask: { paths: ['schedule_to_close_timeout'] },
  });
  expect(await handle.result()).toBe('dead');
  expect(await states(request_id)).toEqual([{ receiver: 'x', started: true, delivered: false, dead: true }]);
});
