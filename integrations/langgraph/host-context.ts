import type { RunnableConfig } from '@langchain/core/runnables';
import { ActionContext } from '../../contracts/action.ts';

/**
 * What whoever runs the graph says for all its nodes: `configurable.letsping_context`.
 *
 * The attacker writes what a model reads, and so what it answers. Those words end up in tool calls, in the values of
 * interrupts and in the state of the graph; none of these may name what is known, or a mail would name its own sender.
 * The configuration of a run is the one place that only the program writes.
 *
 * @throws TypeError when it is no context: a label that is misspelt would be one that is missing.
 */
export function hostContextOf({ configurable }: RunnableConfig): ActionContext | undefined {
  const given: unknown = configurable?.['letsping_context'];
  if (given === undefined) return undefined;
  const parsed = ActionContext.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TypeError(`configurable.letsping_context/${issue?.path.join('/')}: ${issue?.message}`);
}
