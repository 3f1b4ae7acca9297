import type { RunnableConfig } from '@langchain/core/runnables';
import { ActionContext } from '../../contracts/action.ts';
import { pointerOf } from '../../domain/json/pointer.ts';

/**
 * The context that the host program gives for all nodes of a run: `configurable.letsping_context`.
 *
 * The attacker writes text that a model reads, and so influences its output. That output is in tool calls, in the values of
 * interrupts and in the state of the graph, so none of these may name known recipients: a mail could name its own sender. Only
 * the program writes the configuration of a run.
 *
 * @throws TypeError if it is not a valid context: a misspelt label would count as a missing one.
 */
export function hostContextOf({ configurable }: RunnableConfig): ActionContext | undefined {
  const given: unknown = configurable?.['letsping_context'];
  if (given === undefined) return undefined;
  const parsed = ActionContext.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TypeError(`configurable.letsping_context${pointerOf(issue?.path ?? [])}: ${issue?.message}`);
}
