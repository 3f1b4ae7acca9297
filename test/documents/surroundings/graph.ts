import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { LetsPing } from 'letsping-temporal';
import { LetsPingCheckpointer } from 'letsping-temporal/langgraph';
import { openThreadStore } from 'letsping-temporal/storage';

/** What a graph's program has around a snippet: its settings, a store, states, a builder. */
export const databaseUrl = process.env['DATABASE_URL']!;
export const rootKey = process.env['LETSPING_ROOT_KEY']!;
export const projectId = process.env['PROJECT_ID']!;

const opened = await openThreadStore({ databaseUrl, rootKey, projectId });
export const store = opened.store;

/** The graph of a snippet ends when it sets `status`: then the process is stopped, as a person would stop its worker. */
const ended = (status: string): string => {
  console.log(`the thread ended with ${status}`);
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), 500).unref();
  return status;
};

export const State = Annotation.Root({
  refund: Annotation<Record<string, unknown>>(),
  amount: Annotation<number>(),
  sent: Annotation<string>(),
  status: Annotation<string>({ reducer: (_, status) => ended(status), default: () => '' }),
});

/** A tool with an effect. */
export async function wire(payload: Record<string, unknown>, key: string): Promise<string> {
  console.log(`sent ${JSON.stringify(payload)}`);
  return key;
}

const Session = Annotation.Root({ read_web: Annotation<boolean>() });
export const builder = new StateGraph(Session);
// The snippet adds the node.
(builder as unknown as StateGraph<unknown, unknown, unknown, string>).addEdge(START, 'send');
export const checkpointer = new LetsPingCheckpointer({ store, lp: new LetsPing(), graph: 'mail' });
