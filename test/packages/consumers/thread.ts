/** `thread.js start THREAD` runs a thread until it pauses, and ends; `thread.js resume` continues threads in another process. */
import { Annotation, END, isInterrupted, START, StateGraph } from '@langchain/langgraph';
import { approvedPayload, LetsPing } from 'letsping-temporal';
import { LetsPingCheckpointer, pause, resumeWorker } from 'letsping-temporal/langgraph';
import { openThreadStore, type ThreadStore } from 'letsping-temporal/storage';

const State = Annotation.Root({
  amount: Annotation<number>(),
  sent: Annotation<number>(),
  status: Annotation<string>(),
});

const line = (value: object) => process.stdout.write(`${JSON.stringify({ pid: process.pid, ...value })}\n`);

function paymentGraph(lp: LetsPing, store: ThreadStore) {
  return new StateGraph(State)
    .addNode('wire', async ({ amount }, config) => {
      const decision = await pause(lp, { service: 'payments', action: 'wire', payload: { amount } }, config);
      const payload = approvedPayload(decision);
      if (!payload) return { status: decision.status };
      await lp.reportExecuted(decision.request_id, decision.payload_digest);
      line({ resumed: decision.request_id, sent: payload['amount'] });
      return { status: decision.status, sent: Number(payload['amount']) };
    })
    .addEdge(START, 'wire')
    .addEdge('wire', END)
    .compile({ checkpointer: new LetsPingCheckpointer({ store, lp, graph: 'payments' }) });
}

async function main([mode = '', thread_id = '']: string[]): Promise<void> {
  const { store, close } = await openThreadStore({
    databaseUrl: process.env['DATABASE_URL'] ?? '',
    rootKey: process.env['LETSPING_ROOT_KEY'] ?? '',
    projectId: process.env['LETSPING_PROJECT_ID'] ?? '',
  });
  const payments = paymentGraph(new LetsPing(), store);
  if (mode === 'start') {
    const result = await payments.invoke({ amount: 250 }, { configurable: { thread_id }, durability: 'sync' });
    line({ paused: isInterrupted(result) });
  } else {
    const worker = resumeWorker({
      graphs: { payments },
      onError: (error) => process.stderr.write(`${String(error)}\n`),
    });
    process.once('SIGTERM', () => worker.shutdown());
    const running = worker.run();
    line({ ready: true });
    await running;
    const { values } = await payments.getState({ configurable: { thread_id } });
    line({ values });
  }
  await close();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
