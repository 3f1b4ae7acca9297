import { appendFileSync } from 'node:fs';
import { type AIMessage, ToolMessage } from '@langchain/core/messages';
import { Annotation, END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { approvedPayload, type LetsPing, type LetsPingError } from 'letsping-temporal';
import { LetsPingCheckpointer, pause } from 'letsping-temporal/langgraph';
import type { ThreadStore } from 'letsping-temporal/storage';
import { invokeModel } from './scripted-model.ts';
import { TASKS } from './tasks.ts';
import { runTool } from './tools.ts';

/** The answer that the agent got, as a line of the journal file. */
export interface JournalLine {
  task: string;
  request_id: string;
  saw: string;
  changes?: unknown;
}

export interface OfficeDeps {
  lp: LetsPing;
  store: ThreadStore;
  /** Files to which the tools write their effects, and the agents the answers that they got. */
  effectsFile: string;
  journalFile: string;
}

const State = Annotation.Root({ ...MessagesAnnotation.spec, task: Annotation<string>() });

/**
 * A ReAct loop in three steps: the model proposes a tool call, `pause` requests approval, the tool runs exactly the approved
 * payload. A held call stops the graph; later any process with `resumeWorker` continues it.
 */
export function officeGraph({ lp, store, effectsFile, journalFile }: OfficeDeps) {
  const model = ({ messages, task }: typeof State.State) => ({ messages: [invokeModel(TASKS[task]!, messages)] });

  const tools = async ({ messages, task }: typeof State.State, config: Parameters<typeof pause>[2]) => {
    const { service } = TASKS[task]!;
    const call = (messages.at(-1) as AIMessage).tool_calls![0]!;
    const decision = await pause(lp, { service, action: call.name, payload: call.args }, config);
    const { request_id, outcome, metadata, diff_summary } = decision;
    const payload = approvedPayload(decision);
    let content: string;
    if (payload) {
      // The tool is idempotent by the request's id, so an unknown result may be followed by another attempt.
      const act = () => runTool(effectsFile, { key: request_id, service, action: call.name, args: payload });
      content = await lp.execute(decision, act, { retryable: true }).catch((error: LetsPingError) => {
        if (error.problemCode === 'executed_already') return 'done before'; // before a crash
        throw error;
      });
    } else {
      content =
        outcome.status === 'expired'
          ? 'not decided in time, so not executed'
          : `not allowed: ${metadata.reason ?? 'rejected'}`;
    }
    const saw = decision.status === 'REJECTED' && outcome.status === 'expired' ? 'REJECTED (expired)' : decision.status;
    const line: JournalLine = { task, request_id, saw, ...(diff_summary && { changes: diff_summary.changes }) };
    appendFileSync(journalFile, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    return { messages: [new ToolMessage({ tool_call_id: call.id ?? 'call_1', content })] };
  };

  const next = ({ messages }: typeof State.State) =>
    (messages.at(-1) as AIMessage).tool_calls?.length ? 'tools' : END;
  return new StateGraph(State)
    .addNode('model', model)
    .addNode('tools', tools)
    .addEdge(START, 'model')
    .addConditionalEdges('model', next, ['tools', END])
    .addEdge('tools', 'model')
    .compile({ checkpointer: new LetsPingCheckpointer({ store, graph: 'office' }) });
}
