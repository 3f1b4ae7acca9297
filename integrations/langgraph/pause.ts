import { createHash } from 'node:crypto';
import type { RunnableConfig } from '@langchain/core/runnables';
import { interrupt } from '@langchain/langgraph';
import { z } from 'zod';
import { type Asked, askedOf } from '../../client/ask-options.ts';
import { type Decision, decisionOf } from '../../client/decision.ts';
import type { IngestAnswer, StatusAnswer } from '../../contracts/approval-request.ts';
import { joinedContext } from '../../domain/policy/joined-context.ts';
import type { ApprovalClient, Question } from './client.ts';
import { hostContextOf } from './host-context.ts';
import { type NodeRun, nodeRunOf } from './node-run.ts';
import { pausedQuestion } from './paused.ts';

/**
 * Asks inside a node. What the policy allows or blocks is answered at once and the graph never stops; what is held stops the
 * graph, which may be resumed days later in another process. The decision says what may run, and its digest was checked.
 * A node starts from its top when it is resumed: do nothing irrevocable before a pause, and return an update after it.
 *
 * What the host program knows of the call stands in `context`, or in `configurable.letsping_context` for the whole run; where both
 * speak, the worse label counts, and only what both name as known. Take neither from a model's output.
 *
 * @throws LetsPingError when the request cannot be opened; LangGraph's interrupt, which must not be caught.
 * @example
 * .addNode('wire', async (state, config) => {
 *   const decision = await pause(lp, { service: 'payments', action: 'wire', payload: { amount: state.amount } }, config);
 *   return { status: decision.status };
 * })
 */
export async function pause(lp: ApprovalClient, question: Question, config: RunnableConfig): Promise<Decision> {
  const asked = askedOf(question);
  const context = joinedContext(question.context, hostContextOf(config));
  return nodeRunOf(config).inTurn((run, n) => answered(lp, { ...question, ...asked, context }, asked, run, n));
}

async function answered(
  lp: ApprovalClient,
  question: Question,
  asked: Asked,
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
    if (known.request_id === opened.id) status = statusOf(opened, asked);
  }
  if (!known.held) return decisionOf(status ?? (await lp.getStatus(known.request_id)), asked);

  const { request_id } = known;
  const { service, action } = asked;
  const answer: unknown = interrupt(pausedQuestion({ letsping_request_id: request_id, service, action }), {
    responseSchema: answerFor(request_id, asked),
  });
  return decisionOf(answer as StatusAnswer, asked);
}

/**
 * What the resume must bring. LangGraph keeps an answer that a node throws on, for ever; one that does not fit this schema is
 * refused, and the question stays open.
 */
const answerFor = (request_id: string, asked: Asked) =>
  z.looseObject({ id: z.literal(request_id), status: z.enum(['APPROVED', 'REJECTED']) }).refine((answer) => {
    try {
      return decisionOf(answer as unknown as StatusAnswer, asked) !== undefined;
    } catch {
      return false;
    }
  }, 'not the decision on what was asked');

/** The answer to opening a request holds all that its status does. */
const statusOf = (
  { id, status, verdict, findings, payload_digest, digest_salt, expires_at, outcome }: IngestAnswer,
  asked: Asked,
): StatusAnswer => ({
  ...asked,
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
