import { createHash } from 'node:crypto';
import type { RunnableConfig } from '@langchain/core/runnables';
import { interrupt } from '@langchain/langgraph';
import { z } from 'zod/v4';
import { type RequestedAction, requestedAction } from '../../client/ask-options.ts';
import type { Decision } from '../../client/decision.ts';
import type { IngestAnswer, StatusAnswer } from '../../contracts/approval-request.ts';
import { joinedContext } from '../../domain/policy/joined-context.ts';
import type { ApprovalClient, Question } from './client.ts';
import { hostContextOf } from './host-context.ts';
import { type NodeRun, nodeRunOf } from './node-run.ts';
import { pausedQuestion } from './paused.ts';

/**
 * Requests approval inside a node. An action that the policy allows or blocks returns at once. A held action stops the
 * graph, which may be resumed days later in another process. The returned decision names the payload that may run; its
 * digest has been checked. LangGraph runs a resumed node again from its start: do nothing irrevocable before a pause,
 * and return an update after it.
 *
 * What the host program knows about the call goes into `context`, or into `configurable.letsping_context` for the whole
 * run. If both are given, the worse label counts, and only recipients that both name as known. Never take either from a
 * model's output.
 *
 * @throws LetsPingError if the request cannot be opened; LangGraph's interrupt, which must not be caught.
 * @example
 * .addNode('wire', async (state, config) => {
 *   const decision = await pause(lp, { service: 'payments', action: 'wire', payload: { amount: state.amount } }, config);
 *   return { status: decision.status };
 * })
 */
export async function pause(lp: ApprovalClient, question: Question, config: RunnableConfig): Promise<Decision> {
  const requested = requestedAction(question);
  const context = joinedContext(question.context, hostContextOf(config));
  return nodeRunOf(config).inTurn((run, n) => answered(lp, { ...question, ...requested, context }, requested, run, n));
}

async function answered(
  lp: ApprovalClient,
  question: Question,
  requested: RequestedAction,
  run: NodeRun,
  n: number,
): Promise<Decision> {
  const pause_key = `${run.checkpoint_ns}|${n}`;
  let known = await run.store.readPause(run.thread_id, pause_key);
  let status: StatusAnswer | undefined;
  if (!known) {
    const opened = await lp.open({
      ...question,
      context: { ...question.context, thread_id: run.thread_id, node: run.node },
      idempotencyKey: createHash('sha256')
        .update(JSON.stringify([run.thread_id, run.checkpoint_ns, n]))
        .digest('hex'),
    });
    known = await run.store.putPause(run.thread_id, pause_key, {
      request_id: opened.id,
      held: opened.status === 'PENDING',
    });
    if (known.request_id === opened.id) status = statusOf(opened, requested);
  }
  if (!known.held) return lp.decisionOf(status ?? (await lp.getStatus(known.request_id)), requested);

  const { request_id } = known;
  const { service, action } = requested;
  const answer: unknown = interrupt(pausedQuestion({ letsping_request_id: request_id, service, action }), {
    responseSchema: answerFor(lp, request_id, requested),
  });
  return lp.decisionOf(answer as StatusAnswer, requested);
}

/**
 * The schema of the resume value. LangGraph permanently stores an answer on which a node throws; an answer that does
 * not match this schema is refused before that, and the interrupt stays open.
 */
const answerFor = (lp: ApprovalClient, request_id: string, requested: RequestedAction) =>
  z.looseObject({ id: z.literal(request_id), status: z.enum(['APPROVED', 'REJECTED']) }).refine((answer) => {
    try {
      return lp.decisionOf(answer as unknown as StatusAnswer, requested) !== undefined;
    } catch {
      return false;
    }
  }, 'not the decision on the requested action');

/** The answer to opening a request has all members of its status. */
const statusOf = (
  { id, status, verdict, findings, payload_digest, digest_salt, expires_at, outcome }: IngestAnswer,
  requested: RequestedAction,
): StatusAnswer => ({
  ...requested,
  id,
  status,
  metadata: {},
  verdict,
  findings,
  payload_digest,
  digest_salt,
  expires_at,
  outcome,
});
