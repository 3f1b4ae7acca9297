import { INTERRUPT } from '@langchain/langgraph';
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';
import { questionsIn } from './one-langgraph.ts';

/** A task of the newest step that has not finished. */
export interface OpenTask {
  /** The values of its interrupts, by interrupt id. */
  questions: Map<string, unknown>;
  /** It threw. An answer that it had received is stored and is used when the task runs again. */
  failed: boolean;
}

/** Channels whose writes do not finish a task. */
const UNFINISHED = new Set([INTERRUPT, '__resume__', '__error__', '__error_source_node__']);

/**
 * The unfinished tasks, by LangGraph's own rule: from the writes after the newest checkpoint. `state.next` is not reliable (empty
 * at a node's second interrupt), and neither are a task's interrupts alone (answered siblings keep theirs).
 */
export function openTasks({ pendingWrites = [] }: CheckpointTuple): OpenTask[] {
  const tasks = new Map<string, OpenTask & { finished: boolean }>();
  for (const [task_id, channel, value] of pendingWrites) {
    const task = tasks.get(task_id) ?? { questions: new Map(), failed: false, finished: false };
    tasks.set(task_id, task);
    if (channel === INTERRUPT) {
      for (const { id, value: question } of questionsIn(value)) if (id !== undefined) task.questions.set(id, question);
    } else if (channel === '__error__') task.failed = true;
    else if (!UNFINISHED.has(channel)) task.finished = true;
  }
  return [...tasks.values()].filter(({ finished }) => !finished);
}

export const questionsOf = (tasks: OpenTask[]): Map<string, unknown> =>
  new Map(tasks.flatMap(({ questions }) => [...questions]));
