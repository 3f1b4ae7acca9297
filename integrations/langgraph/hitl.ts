import type { StatusAnswer } from '../../contracts/approval-request.ts';

/** One tool call of LangChain's `humanInTheLoopMiddleware`. */
export interface ActionRequest {
  name: string;
  args: unknown;
}

/** The tool calls of one interrupt of the middleware; undefined for the value of any other interrupt. */
export function actionRequestsOf(question: unknown): ActionRequest[] | undefined {
  const requests = (question as { actionRequests?: unknown } | null | undefined)?.actionRequests;
  if (!Array.isArray(requests) || requests.length === 0) return undefined;
  return requests.every((request) => typeof request?.name === 'string') ? (requests as ActionRequest[]) : undefined;
}

type MiddlewareDecision =
  | { type: 'approve' }
  | { type: 'edit'; editedAction: { name: string; args: unknown } }
  | { type: 'reject'; message: string };

/** The answer to the middleware: one decision per tool call, in their order. It accepts only these three types. */
export function middlewareAnswer(
  requests: ActionRequest[],
  answers: StatusAnswer[],
): { decisions: MiddlewareDecision[] } {
  return {
    decisions: requests.map(({ name }, position): MiddlewareDecision => {
      const answer = answers[position];
      if (answer?.status !== 'APPROVED')
        return {
          type: 'reject',
          message: answer?.reason ?? `not approved: ${answer?.outcome?.status ?? 'unanswered'}`,
        };
      if (answer.patched_payload) return { type: 'edit', editedAction: { name, args: answer.patched_payload } };
      return { type: 'approve' };
    }),
  };
}
