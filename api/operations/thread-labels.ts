import type { ActionContext } from '../../contracts/action.ts';
import { underLabels } from '../../domain/firewall/history/session.ts';
import type { ReadThread } from '../ports.ts';

/**
 * Each request is kept with the labels it was judged with, so the one before it has those of the whole thread. Requests that
 * are opened at the same moment do not see one another; the next one sees them all, up to so many.
 */
const CONCURRENT = 10;

/**
 * A call's context, with the labels of the agent's earlier calls in the same thread. A host that forgets to say that third-party
 * text was read, or says so once, loosens nothing: labels can only be added. Other agents' calls do not count: whoever holds
 * another key could otherwise have this agent's calls held by naming its threads.
 */
export async function inItsThread(
  declared: ActionContext,
  requested_by: string,
  readThread: ReadThread,
): Promise<ActionContext> {
  const { thread_id, untrusted, private: holdsPrivate } = declared;
  if (thread_id === undefined || (untrusted && holdsPrivate)) return declared;
  return underLabels(declared, await readThread({ thread_id, requested_by, limit: CONCURRENT }));
}
