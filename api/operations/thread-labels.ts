import type { ActionContext } from '../../contracts/action.ts';
import type { ThreadContextReader } from '../../domain/approval/ports.ts';
import { underLabels } from '../../domain/firewall/history/session.ts';

/**
 * Each request is stored with the labels it was screened with, so the previous request carries the labels of the whole thread.
 * Requests that are opened at the same moment do not see one another. The next request sees all of them, up to this number.
 */
const MAX_CONCURRENT = 10;

/**
 * A call's context, with the labels of the agent's earlier calls in the same thread. Labels can only be added, so a host that
 * omits one, or reports it only once, loosens nothing. Calls of other agents do not count: otherwise the holder of another key
 * could have this agent's calls held by naming its threads.
 */
export async function threadContext(
  store: ThreadContextReader,
  project_id: string,
  declared: ActionContext,
  requested_by: string,
): Promise<ActionContext> {
  const { thread_id, untrusted, private: holdsPrivate } = declared;
  if (thread_id === undefined || (untrusted && holdsPrivate)) return declared;
  const earlier = await store.threadContexts(project_id, { thread_id, requested_by, limit: MAX_CONCURRENT });
  return underLabels(declared, earlier);
}
