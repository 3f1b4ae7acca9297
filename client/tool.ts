import type { Priority } from '../contracts/action.ts';
import { isObject } from '../contracts/is-object.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { AskOptions } from './ask-options.ts';
import type { Decision } from './decision.ts';

/** A function that a framework calls with the model's text, and whose text goes back to the model. It never throws. */
export type ApprovalTool = (context: string | JsonObject) => Promise<string>;

function payloadOf(context: unknown): JsonObject {
  if (isObject(context)) return context;
  if (typeof context !== 'string') return { raw_context: String(context) };
  try {
    const parsed: unknown = JSON.parse(context);
    if (isObject(parsed)) return parsed;
  } catch {
    // Free text: shown to the approver unchanged.
  }
  return { raw_context: context };
}

/** Texts and members are those of the published clients, because existing prompts rely on them. */
export const approvalTool =
  (
    ask: (options: AskOptions) => Promise<Decision>,
    service: string,
    action: string,
    priority: Priority,
  ): ApprovalTool =>
  async (context) => {
    try {
      const decision = await ask({ service, action, payload: payloadOf(context), priority });
      switch (decision.status) {
        case 'REJECTED':
          return `STOP: Action rejected. Do not proceed. Reason: ${decision.metadata.reason ?? 'none given'}`;
        case 'APPROVED':
          return JSON.stringify({ status: decision.status, executed_payload: decision.payload });
        case 'APPROVED_WITH_MODIFICATIONS':
          return JSON.stringify({
            status: decision.status,
            message:
              'The reviewer approved this action with another payload. Use executed_payload, and learn from diff_summary.',
            diff_summary: decision.diff_summary,
            original_payload: decision.payload,
            executed_payload: decision.patched_payload,
          });
      }
    } catch (error) {
      return `ERROR: System Failure: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
