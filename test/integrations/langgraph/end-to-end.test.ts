import { randomBytes } from 'node:crypto';
import { Annotation, interrupt, StateGraph } from '@langchain/langgraph';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { LetsPing } from '../../../client/index.ts';
import { LetsPingCheckpointer, pause, resumeWorker } from '../../../integrations/langgraph/index.ts';
import { openThreadStore } from '../../../storage/index.ts';
import { createSystem, type TestSystem } from '../../helpers/system.ts';

/** All parts are real: API, worker process, client, Temporal, PostgreSQL. The team's worker is in this process. */
const taskQueue = `team-${randomBytes(4).toString('hex')}`;
let system: TestSystem;
let threads: Awaited<ReturnType<typeof openThreadStore>>;
let connection: NativeConnection;
beforeAll(async () => {
  system = await createSystem({
    policy: { resume_task_queue: taskQueue, routes: [{ action: 'allowed', routing: 'observe' }] },
  });
  threads = await openThreadStore({
    databaseUrl: system.database.app_url,
    rootKey: system.env['LETSPING_ROOT_KEY']!,
    projectId: system.project_id,
  });
  connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  await system.startWorker();
});
afterAll(async () => {
  await threads.close();
  await connection.close();
  await system.stop();
});

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

/** Waits for the only pending request of this action, and decides it. */
async function decide(action: string, body: (request: { payload_digest: string }) => unknown): Promise<void> {
  const pending = async () =>
    (await system.call(system.approver_api_key, 'GET', `/api/approval-requests?status=pending&action=${action}`)).body
      .items;
  await expect.poll(pending, { timeout: 10_000, interval: 50 }).toHaveLength(1);
  const [{ id }] = await pending();
  const { body: request } = await system.call(system.approver_api_key, 'GET', `/api/approval-requests/${id}`);
  const path = `/api/approval-requests/${id}/decisions`;
  const answer = await system.call(system.approver_api_key, 'POST', path, body(request));
  expect(answer.status).toBe(201);
}

test('a thread continues when people have decided: with a pause, a plain interrupt, and an action that the policy allows', async () => {
  const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api.url });
  const graph = new StateGraph(State)
    .addNode('refund', async (_, config) => {
      const asked = { service: 'billing', action: 'refund', payload: { amount: 10 } };
      const d = await pause(lp, asked, config);
      return { log: [`${d.status} ${JSON.stringify(d.patched_payload ?? d.payload)}`] };
    })
    .addNode('wire', () => {
      const { status, reason } = interrupt({ amount: 1e6 }) as { status: string; reason?: string };
      return { log: [`${status} ${reason}`] };
    })
    .addNode('allowed', () => ({ log: [(interrupt({ amount: 1 }) as { status: string }).status] }))
    .addEdge('__start__', 'refund')
    .addEdge('refund', 'wire')
    .addEdge('wire', 'allowed')
    .compile({
      checkpointer: new LetsPingCheckpointer({ store: threads.store, lp, graph: 'e2e', service: 'billing' }),
    });
  const config = { configurable: { thread_id: crypto.randomUUID() } };
  const log = async () => ((await graph.getState(config)).values as { log: string[] }).log;
  const worker = resumeWorker({
    graphs: { e2e: graph },
    connection,
    namespace: inject('temporalNamespace'),
    taskQueue,
  });
  const running = worker.run();
  await graph.invoke({ log: [] }, config);

  await decide('refund', ({ payload_digest }) => ({ type: 'patch', payload_digest, patched_payload: { amount: 4 } }));
  const patched = 'APPROVED_WITH_MODIFICATIONS {"amount":4}';
  await expect.poll(log, { timeout: 20_000, interval: 20 }).toEqual([patched]);
  await decide('wire', ({ payload_digest }) => ({ type: 'reject', payload_digest, reason: 'too much' }));

  await expect.poll(log, { timeout: 30_000, interval: 20 }).toEqual([patched, 'REJECTED too much', 'APPROVED']);
  worker.shutdown();
  await running;
});
