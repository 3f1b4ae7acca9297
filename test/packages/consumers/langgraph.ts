/** A consumer of the LangGraph integration: a graph that pauses, and a worker that resumes it. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import {
  type ApprovalClient,
  type CheckpointerOptions,
  LetsPingCheckpointer,
  type OnGraphError,
  type PausedQuestion,
  pause,
  type Question,
  type ResumableGraph,
  type ResumeWorker,
  type ResumeWorkerOptions,
  resumeWorker,
  type ThreadStore,
} from 'letsping-temporal/langgraph';

const State = Annotation.Root({ amount: Annotation<number>(), status: Annotation<string>() });

export function paymentGraph(lp: ApprovalClient, store: ThreadStore) {
  const options: CheckpointerOptions = { store, lp, graph: 'payments', service: 'payments' };
  return new StateGraph(State)
    .addNode('wire', async ({ amount }, config) => {
      const question: Question = { service: 'payments', action: 'wire', payload: { amount }, priority: 'high' };
      const { status } = await pause(lp, question, config);
      return { status };
    })
    .addEdge(START, 'wire')
    .addEdge('wire', END)
    .compile({ checkpointer: new LetsPingCheckpointer(options) });
}

export function worker(lp: ApprovalClient, store: ThreadStore, onError: OnGraphError): ResumeWorker {
  const payments: ResumableGraph = paymentGraph(lp, store);
  const options: ResumeWorkerOptions = { graphs: { payments }, taskQueue: 'payments', maxConcurrent: 5, onError };
  return resumeWorker(options);
}

export const requestOf = (paused: PausedQuestion): string => paused.letsping_request_id;
