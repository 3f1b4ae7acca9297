import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { registered } from '../../contracts/activities.ts';
import * as workflows from '../../workflows/index.ts';
import { createProjectFolder, type ProjectFolder } from '../helpers/project-folder.ts';

const OURS = resolve(import.meta.dirname, '../../workflows/index.ts');
const INPUTS: Record<keyof typeof workflows, unknown[]> = {
  approvalV1: [
    { project_id: 'prj', request_id: 'req', payload_digest: 'sha256:x', expires_at_ms: Date.now() + 60_000 },
  ],
  deliveryV1: [{ project_id: 'prj', delivery_id: 'dlv' }],
  reconcileV1: [],
  resumeThreadV1: [{ project_id: 'prj', thread_key: 'key', graph: 'default', task_queue: 'none' }],
};

let project: ProjectFolder;
let connection: NativeConnection;
let client: Client;
beforeAll(async () => {
  project = createProjectFolder();
  const address = inject('temporalAddress');
  connection = await NativeConnection.connect({ address });
  client = new Client({ connection: await Connection.connect({ address }), namespace: inject('temporalNamespace') });
});
afterAll(async () => {
  await client.connection.close();
  await connection.close();
  project.remove();
});

/** A team's own worker, whose workflows file exports ours beside one of its own. */
const teamWorker = async (taskQueue: string) => {
  const worker = await Worker.create({
    connection,
    namespace: inject('temporalNamespace'),
    taskQueue,
    workflowsPath: project.write(
      'workflows.ts',
      `export * from '${OURS}';\nexport async function own() { return 1; }\n`,
    ),
    activities: registered({ reconcile: async () => ({ requests: 0, deliveries: 0 }) }),
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
  };
};

const failedTasks = async (handle: WorkflowHandle) =>
  ((await handle.fetchHistory()).events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed ? [failed.failure?.message ?? ''] : [],
  );

async function until<T>(read: () => Promise<T>, wanted: (found: T) => boolean): Promise<T> {
  for (const end = Date.now() + 30_000; ; ) {
    const found = await read();
    if (wanted(found) || Date.now() > end) return found;
    await new Promise((done) => setTimeout(done, 200));
  }
}

test("in a team's worker with a second copy of the SDK every workflow of ours fails its task with one sentence, and runs after the repair", async () => {
  const taskQueue = `two-copies-${randomBytes(4).toString('hex')}`;
  const start = (type: string, args: unknown[] = []) =>
    client.workflow.start(type, { taskQueue, workflowId: `${taskQueue}/${type}`, args, workflowTaskTimeout: '5s' });
  const [copy, common] = [project.copy('@temporalio/workflow'), project.copy('@temporalio/common')];
  const stop = await teamWorker(taskQueue);
  const names = Object.keys(workflows) as (keyof typeof workflows)[];
  const handles = await Promise.all(names.map((name) => start(name, INPUTS[name])));
  for (const [i, handle] of handles.entries()) {
    const [message] = await until(
      () => failedTasks(handle),
      (failed) => failed.length > 0,
    );
    expect(message, names[i]).toBe(
      'LETSPING_TWO_COPIES: letsping-temporal/workflow and the worker load two copies of @temporalio/workflow; install one for both (npm ls @temporalio/workflow) and restart the worker',
    );
    expect((await handle.describe()).status.name, names[i]).toBe('RUNNING');
  }
  expect(await (await start('own')).result()).toBe(1); // the team's own workflows are not affected
  await stop();
  const reconciled = handles[names.indexOf('reconcileV1')]!;
  await Promise.all(handles.filter((handle) => handle !== reconciled).map((handle) => handle.terminate()));

  project.link('@temporalio/workflow');
  project.link('@temporalio/common');
  expect(project.folderOf('@temporalio/workflow')).not.toBe(copy);
  expect(project.folderOf('@temporalio/common')).not.toBe(common);
  const stopRepaired = await teamWorker(taskQueue);
  expect(await reconciled.result()).toEqual({ requests: 0, deliveries: 0 });
  await stopRepaired();
});
