import { isDeepStrictEqual } from 'node:util';
import { Command, INTERRUPT, isInvalidResume, isUnknownInterruptError } from '@langchain/langgraph';
import { ApplicationFailure, activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { askedOf } from '../../client/ask-options.ts';
import type { ResumeActivities } from '../../contracts/activities.ts';
import type { StatusAnswer } from '../../contracts/approval-request.ts';
import type { ResumeRef } from '../../contracts/workflow.ts';
import { type OnGraphError, recordable } from './activity-errors.ts';
import { LetsPingCheckpointer } from './checkpointer.ts';
import { type Claim, claimThread } from './claim.ts';
import { actionRequestsOf, middlewareAnswer } from './hitl.ts';
import { jsonObject } from './json-payload.ts';
import type { InterruptAnswer } from './store.ts';
import { type OpenTask, openTasks, questionsOf } from './waiting.ts';

/** What is asked of a compiled graph. */
export interface ResumableGraph {
  checkpointer?: unknown;
  invoke(input: unknown, config: Record<string, unknown>): Promise<unknown>;
  getState(
    config: Record<string, unknown>,
  ): Promise<{ tasks: readonly { interrupts?: readonly unknown[]; error?: unknown; result?: unknown }[] }>;
}

/** A graph, and the checkpointer it was compiled with. */
export interface Resumable {
  graph: ResumableGraph;
  saver: LetsPingCheckpointer;
}

/** How long a task that neither asks nor ends is taken to be running still in the process that started the thread. */
const AGENTS_RUN_GRACE_MS = 60_000;

/** @throws TypeError for a graph that cannot be resumed under this name. */
export function resumable(name: string, graph: ResumableGraph): Resumable {
  const saver = graph.checkpointer;
  if (!(saver instanceof LetsPingCheckpointer))
    throw new TypeError(`graph ${name} was not compiled with LetsPingCheckpointer`);
  if (saver.graph !== name)
    throw new TypeError(`graph ${name} is called ${saver.graph} by its checkpointer: both names have to be the same`);
  return { graph, saver };
}

/**
 * The activity that continues a thread with answers. Safe to repeat and to run twice at once: a claim on the thread lets one
 * through, its fence refuses whatever an older one still writes. One continuation is committed; a node's effects may happen
 * again after a crash, so tools take the interrupt's or the tool call's id as their idempotency key.
 */
export const createResumeThread =
  (graphs: Record<string, Resumable>, onError: OnGraphError = () => {}): ResumeActivities['resumeThread'] =>
  async (ref) => {
    const { graph, saver } = resumableOf(graphs, ref);
    const thread_id = await saver.store.threadByKey(ref.thread_key);
    if (thread_id === undefined) throw unknownThread();
    await agentsRunOver({ graph, saver }, thread_id, ref.interrupt_ids);

    const info = activityInfo();
    const owner = `${info.workflowExecution?.runId}/${info.activityId}`;
    const claim = await claimThread(saver.store, thread_id, { owner, attempt: info.attempt }, () => heartbeat());
    if (!claim)
      throw ApplicationFailure.create({
        message: 'the thread is continued elsewhere',
        type: 'in_progress',
        nextRetryDelay: '500ms',
      });
    try {
      return await resume({ graph, saver }, thread_id, ref.interrupt_ids, claim);
    } catch (error) {
      const recorded = recordable(error);
      if (recorded !== error) onError(error, { graph: ref.graph, thread_id });
      throw recorded;
    } finally {
      await claim.release();
    }
  };

interface Continued {
  resumed: string[];
  next: string[];
}

/** Goes on while the thread asks what is answered already: what the policy allows or blocks at once waits for no delivery. */
async function resume(on: Resumable, thread_id: string, interrupt_ids: string[], claim: Claim): Promise<Continued> {
  const resumed: string[] = [];
  for (let ids = interrupt_ids; ; ) {
    const known = await on.saver.store.interruptAnswers(thread_id, ids);
    const answered = known.filter(isAnswered);
    if (answered.length === 0) return { resumed, next: resumed.length > 0 ? ids : [] };
    const step = await continued(on, thread_id, answered, claim);
    resumed.push(...step.resumed);
    ids = step.next;
  }
}

/** One run with the answers there are. */
async function continued(
  { graph, saver }: Resumable,
  thread_id: string,
  answered: Answered[],
  claim: Claim,
): Promise<Continued> {
  const signal = AbortSignal.any([cancellationSignal(), claim.lost]);
  // Strict: an answer to a question that is not pending is refused. Never a checkpoint_id: it would fork, and repeat effects.
  const configurable = { thread_id, lp_fence: claim.fence, __pregel_strict_resume: true };
  const run = (input: unknown) => graph.invoke(input, { configurable, durability: 'sync', signal });
  const waiting = async () =>
    openTasks((await saver.getTuple({ configurable: { thread_id } })) ?? raise(unknownThread()));

  let output: unknown;
  let tasks = await waiting();
  let ran = false;
  const asks = ({ questions }: OpenTask) => answered.some(({ interrupt_id }) => questions.has(interrupt_id));
  if (tasks.some((task) => task.failed && asks(task))) {
    // The answer of a failed task is stored with its error. Sent again it would answer the node's next question.
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
    output = await run(new Command({ resume: resumeMap })).catch((error: unknown) => {
      if (isInvalidResume(error))
        throw ApplicationFailure.nonRetryable('the answer does not fit the question', 'invalid_answer');
      if (isUnknownInterruptError(error))
        throw ApplicationFailure.create({ message: 'the thread moved', type: 'in_progress' });
      throw error;
    });
  } else if (!ran && questions.size === 0 && (await graph.getState({ configurable: { thread_id } })).tasks.length > 0) {
    output = await run(null); // a crash after the answer was committed and before the end
  }
  const resumed = answered.map(({ interrupt_id }) => interrupt_id);
  await saver.store.markResumed(thread_id, resumed);
  const next = (output as { [INTERRUPT]?: { id: string }[] } | null | undefined)?.[INTERRUPT] ?? [];
  return { resumed, next: next.map(({ id }) => id) };
}

type Answered = InterruptAnswer & { answers: StatusAnswer[] };
const isAnswered = (answer: InterruptAnswer): answer is Answered =>
  !answer.resumed && answer.answers !== undefined && answer.answers.length > 0;

/** The answer in the words that the asking code reads. What was asked must still be what was decided. */
function valueFor({ interrupt_id, answers }: Answered, questions: Map<string, unknown>): unknown {
  const actions = actionRequestsOf(questions.get(interrupt_id));
  if (!actions) return answers[0];
  const same =
    actions.length === answers.length &&
    answers.every((answer, i) => {
      const { name = '', args } = actions[i] ?? {};
      const { payload } = askedOf({ service: answer.service, action: name, payload: jsonObject(args) });
      return answer.action === name && isDeepStrictEqual(answer.payload, payload);
    });
  if (!same) throw ApplicationFailure.nonRetryable('the answers are about other actions', 'invalid_answer');
  return middlewareAnswer(actions, answers);
}

/** A task queue may serve several deployments and projects: what is not ours may be another worker's, so it is tried again. */
function resumableOf(graphs: Record<string, Resumable>, { graph, project_id }: ResumeRef): Resumable {
  const found = Object.hasOwn(graphs, graph) ? graphs[graph] : undefined;
  if (!found) throw ApplicationFailure.create({ message: `this worker has no graph ${graph}`, type: 'unknown_graph' });
  if (found.saver.store.project_id !== project_id)
    throw ApplicationFailure.create({ message: 'this worker serves another project', type: 'other_project' });
  return found;
}

/**
 * The run that an agent starts, a thread's first or a conversation's next turn, holds no claim. While it lives, continuing would
 * run things twice: a sibling y of the node x that asks may still be at work, and the checkpoint before x may still be on its
 * way, so that the newest one stands before a node that ran already. What stays silent is taken for dead after the grace period.
 */
async function agentsRunOver({ graph, saver }: Resumable, thread_id: string, interrupt_ids: string[]): Promise<void> {
  const { scheduledTimestampMs } = activityInfo();
  if (Date.now() - scheduledTimestampMs >= AGENTS_RUN_GRACE_MS || (await saver.store.claimedSinceNewest(thread_id)))
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
  throw ApplicationFailure.create({
    message: 'the run that asked goes on',
    type: 'step_running',
    nextRetryDelay: '1s',
  });
}

const unknownThread = () => ApplicationFailure.nonRetryable('no such thread here', 'unknown_thread');

function raise(error: Error): never {
  throw error;
}
