import { isDeepStrictEqual } from 'node:util';
import * as langgraph from '@langchain/langgraph'; // an older one lacks some names: `one-langgraph.ts` refuses it
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { requestedAction } from '../../client/ask-options.ts';
import type { ResumeActivities } from '../../contracts/activities.ts';
import type { StatusAnswer } from '../../contracts/approval-request.ts';
import type { InterruptAnswer } from '../../contracts/thread.ts';
import type { ResumeRef } from '../../contracts/workflow.ts';
import { final, type OnGraphError, recordable, retried } from './activity-errors.ts';
import { type LetsPingCheckpointer, ownCheckpointer } from './checkpointer.ts';
import { actionRequestsOf, middlewareAnswer } from './hitl.ts';
import { jsonObject } from './json-payload.ts';
import { acquireLease, type Lease } from './lease.ts';
import { assertOwnGraph } from './one-langgraph.ts';
import { type OpenTask, openTasks, questionsOf } from './waiting.ts';

/** The part of a compiled graph that resuming needs. */
export interface ResumableGraph {
  checkpointer?: unknown;
  invoke(input: unknown, config: Record<string, unknown>): Promise<unknown>;
  getState(
    config: Record<string, unknown>,
  ): Promise<{ tasks: readonly { interrupts?: readonly unknown[]; error?: unknown; result?: unknown }[] }>;
}

/** A graph and its checkpointer. */
export interface Resumable {
  graph: ResumableGraph;
  saver: LetsPingCheckpointer;
}

/** How long a task without interrupt or result counts as still running in the process that started the thread. */
const AGENTS_RUN_GRACE_MS = 60_000;

/** @throws TypeError if the graph cannot be resumed under this name; LetsPingError if another copy of LangGraph compiled it. */
export function resumable(name: string, graph: ResumableGraph): Resumable {
  const saver = ownCheckpointer(graph.checkpointer, `graph ${name} was not compiled with LetsPingCheckpointer`);
  if (saver.graph !== name)
    throw new TypeError(`graph ${name} has the name ${saver.graph} in its checkpointer: both names must be equal`);
  assertOwnGraph(name, graph);
  return { graph, saver };
}

/**
 * The activity that resumes a thread with the answers to its interrupts. Safe to retry and to run concurrently: a lease
 * on the thread admits one attempt, and its fence refuses the writes of older ones. One continuation is committed. A
 * node's effects may be repeated after a crash, so tools must use the id of the interrupt or of the tool call as their
 * idempotency key.
 */
export const createResumeThread =
  (graphs: Record<string, Resumable>, onError: OnGraphError = () => {}): ResumeActivities['resumeThread'] =>
  async (ref) => {
    const { graph, saver } = resumableOf(graphs, ref);
    const thread_id = await saver.store.threadByKey(ref.thread_key);
    if (thread_id === undefined) throw unknownThread();
    await assertAgentsRunEnded({ graph, saver }, thread_id, ref.interrupt_ids);

    const info = activityInfo();
    const owner = `${info.workflowExecution?.runId}/${info.activityId}`;
    const lease = await acquireLease(saver.store, thread_id, { owner, attempt: info.attempt }, () => heartbeat());
    if (!lease) throw retried('in_progress', 'another worker continues the thread', '500ms');
    try {
      return await resume({ graph, saver }, thread_id, ref.interrupt_ids, lease);
    } catch (error) {
      const recorded = recordable(error);
      if (recorded !== error) onError(error, { graph: ref.graph, thread_id });
      throw recorded;
    } finally {
      await lease.release();
    }
  };

interface Continued {
  resumed: string[];
  next: string[];
}

/** Repeats while the thread's next interrupts are already answered: what the policy allows or blocks at once has no delivery. */
async function resume(on: Resumable, thread_id: string, interrupt_ids: string[], lease: Lease): Promise<Continued> {
  const resumed: string[] = [];
  for (let ids = interrupt_ids; ; ) {
    const known = await on.saver.store.interruptAnswers(thread_id, ids);
    const answered = known.filter(isAnswered);
    if (answered.length === 0) return { resumed, next: resumed.length > 0 ? ids : [] };
    const step = await continued(on, thread_id, answered, lease);
    resumed.push(...step.resumed);
    ids = step.next;
  }
}

/** Runs the graph once with the available answers. */
async function continued(
  { graph, saver }: Resumable,
  thread_id: string,
  answered: Answered[],
  lease: Lease,
): Promise<Continued> {
  const signal = AbortSignal.any([cancellationSignal(), lease.lost]);
  // Strict: an answer to an interrupt that is not pending is refused. No checkpoint_id: it would fork the thread and
  // repeat effects.
  const configurable = { thread_id, lp_fence: lease.fence, __pregel_strict_resume: true };
  const run = (input: unknown) => graph.invoke(input, { configurable, durability: 'sync', signal });
  const waiting = async () =>
    openTasks((await saver.getTuple({ configurable: { thread_id } })) ?? raise(unknownThread()));

  let output: unknown;
  let tasks = await waiting();
  let ran = false;
  const asks = ({ questions }: OpenTask) => answered.some(({ interrupt_id }) => questions.has(interrupt_id));
  if (tasks.some((task) => task.failed && asks(task))) {
    // The answer of a failed task is stored with its error. Sent again, it would answer the node's next interrupt.
    output = await run(null);
    tasks = await waiting();
    ran = true;
  }
  const questions = questionsOf(tasks);
  const resumeMap = Object.fromEntries(
    answered
      .filter(({ interrupt_id }) => questions.has(interrupt_id))
      .map((answer) => [answer.interrupt_id, valueFor(answer, questions)]),
  );
  if (Object.keys(resumeMap).length > 0) {
    output = await run(new langgraph.Command({ resume: resumeMap })).catch((error: unknown) => {
      if (langgraph.isInvalidResume(error)) throw final('invalid_answer', 'the answer does not match the interrupt');
      if (langgraph.isUnknownInterruptError(error)) throw retried('in_progress', 'the thread has moved on');
      throw error;
    });
  } else if (!ran && questions.size === 0 && (await graph.getState({ configurable: { thread_id } })).tasks.length > 0) {
    output = await run(null); // after a crash between the commit of the answer and the end of the run
  }
  const resumed = answered.map(({ interrupt_id }) => interrupt_id);
  await saver.store.markResumed(thread_id, resumed);
  const next = (output as { [langgraph.INTERRUPT]?: { id: string }[] } | null | undefined)?.[langgraph.INTERRUPT] ?? [];
  return { resumed, next: next.map(({ id }) => id) };
}

type Answered = InterruptAnswer & { answers: StatusAnswer[] };
const isAnswered = (answer: InterruptAnswer): answer is Answered =>
  !answer.resumed && answer.answers !== undefined && answer.answers.length > 0;

/** The answer in the form that the interrupting code reads. The decided actions must be those of the interrupt. */
function valueFor({ interrupt_id, answers }: Answered, questions: Map<string, unknown>): unknown {
  const actions = actionRequestsOf(questions.get(interrupt_id));
  if (!actions) return answers[0];
  const same =
    actions.length === answers.length &&
    answers.every((answer, i) => {
      const { name = '', args } = actions[i] ?? {};
      const { payload } = requestedAction({ service: answer.service, action: name, payload: jsonObject(args) });
      return answer.action === name && isDeepStrictEqual(answer.payload, payload);
    });
  if (!same) throw final('invalid_answer', 'the answers belong to other actions');
  return middlewareAnswer(actions, answers);
}

/**
 * Several deployments and projects may share a task queue. An unknown graph may be another worker's, so the activity is
 * retried.
 */
function resumableOf(graphs: Record<string, Resumable>, { graph, project_id }: ResumeRef): Resumable {
  const found = Object.hasOwn(graphs, graph) ? graphs[graph] : undefined;
  if (!found) throw retried('unknown_graph', `this worker has no graph ${graph}`);
  if (found.saver.store.project_id !== project_id) throw retried('other_project', 'this worker serves another project');
  return found;
}

/**
 * The run that an agent starts (a thread's first, or a conversation's next turn) holds no lease, so resuming while it is alive
 * would execute nodes twice: a sibling of the interrupting node may still be running, and the checkpoint before that node may
 * not be written yet, so that the newest one precedes a node that has already run. After the grace period the run counts as dead.
 */
async function assertAgentsRunEnded(
  { graph, saver }: Resumable,
  thread_id: string,
  interrupt_ids: string[],
): Promise<void> {
  const { scheduledTimestampMs } = activityInfo();
  if (Date.now() - scheduledTimestampMs >= AGENTS_RUN_GRACE_MS || (await saver.store.leasedSinceNewest(thread_id)))
    return;
  const thread = { configurable: { thread_id } };
  const tuple = await saver.getTuple(thread);
  const questions = tuple && questionsOf(openTasks(tuple));
  const asked = interrupt_ids.some((id) => questions?.has(id));
  const { tasks } = await graph.getState(thread);
  const running = tasks.some(
    ({ interrupts = [], error, result }) => interrupts.length === 0 && !error && result === undefined,
  );
  if (asked && !running) return;
  throw retried('step_running', 'the run that interrupted is still alive', '1s');
}

const unknownThread = () => final('unknown_thread', 'there is no such thread');

function raise(error: Error): never {
  throw error;
}
