/** A CommonJS consumer of the LangGraph integration. LangGraph is imported, not required: its two builds have different types. */
import {
  type ApprovalClient,
  LetsPingCheckpointer,
  pause,
  resumeWorker,
  type ThreadStore,
} from 'letsping-temporal/langgraph';

export async function paymentGraph(lp: ApprovalClient, store: ThreadStore) {
  const { Annotation, END, START, StateGraph } = await import('@langchain/langgraph');
  const State = Annotation.Root({ amount: Annotation<number>(), status: Annotation<string>() });
  return new StateGraph(State)
    .addNode('wire', async ({ amount }, config) => {
      const { status } = await pause(lp, { service: 'payments', action: 'wire', payload: { amount } }, config);
      return { status };
    })
    .addEdge(START, 'wire')
    .addEdge('wire', END)
    .compile({ checkpointer: new LetsPingCheckpointer({ store, lp, graph: 'payments' }) });
}

export const work = async (lp: ApprovalClient, store: ThreadStore): Promise<void> =>
  resumeWorker({ graphs: { payments: await paymentGraph(lp, store) } }).run();
