import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages';
import type { Task } from './tasks.ts';

/**
 * Stands in for a language model, so that the example needs no key: asked for a task it calls the task's tool, told the tool's
 * answer it says so in one sentence.
 */
export function invokeModel(task: Task, messages: BaseMessage[]): AIMessage {
  const last = messages.at(-1);
  if (last instanceof ToolMessage) return new AIMessage(`Here is what came of it: ${String(last.content)}`);
  return new AIMessage({
    content: '',
    tool_calls: [{ id: 'call_1', type: 'tool_call', name: task.action, args: task.args }],
  });
}
