/** Starts one agent's thread: `node start.js TASK THREAD`. Ends when the thread is done or waits for a person. */
import { HumanMessage } from '@langchain/core/messages';
import { isInterrupted } from '@langchain/langgraph';
import { officeFromEnvironment } from './environment.ts';
import { TASKS } from './tasks.ts';

const [task = '', thread_id = ''] = process.argv.slice(2);
if (!TASKS[task] || !thread_id) throw new Error(`usage: start.js ${Object.keys(TASKS).join('|')} THREAD`);

const { graph, close } = await officeFromEnvironment();
const result = await graph.invoke(
  { task, messages: [new HumanMessage(TASKS[task].prompt)] },
  { configurable: { thread_id }, durability: 'sync' },
);
process.stdout.write(`${JSON.stringify({ task, thread_id, state: isInterrupted(result) ? 'paused' : 'done' })}\n`);
await close();
