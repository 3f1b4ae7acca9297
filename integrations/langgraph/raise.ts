import { createHash } from 'node:crypto';
import { INTERRUPT, type PendingWrite } from '@langchain/langgraph-checkpoint';
import type { ActionContext } from '../../contracts/action.ts';
import { joinedContext } from '../../domain/policy/joined-context.ts';
import type { ApprovalClient } from './client.ts';
import { actionRequestsOf } from './hitl.ts';
import { jsonObject } from './json-payload.ts';
import { pausedRequestOf } from './paused.ts';
import type { ThreadStore } from './store.ts';

interface Raising {
  store: ThreadStore;
  lp: ApprovalClient | undefined;
  graph: string;
  service: string;
}

interface Place {
  thread_id: string;
  checkpoint_ns: string;
  task_path: string;
  /** What the host program says of the run; it throws on what is no context. */
  host: () => ActionContext | undefined;
}

interface RaisedInterrupt {
  id?: string;
  value: unknown;
}

/**
 * Sees to it that every interrupt among the writes has its approval request, open or already closed. A subgraph's interrupt
 * comes twice, and an unanswered sibling's at every resume: what is tied already is left alone. When this throws, the run
 * rejects, and `invoke(null)` raises again.
 */
export async function raiseInterrupts(raising: Raising, place: Place, writes: PendingWrite[]): Promise<void> {
  const raised = new Map<string, unknown>();
  for (const [channel, value] of writes) {
    if (channel !== INTERRUPT) continue;
    for (const { id, value: question } of value as RaisedInterrupt[]) if (id !== undefined) raised.set(id, question);
  }
  if (raised.size === 0) return;
  const tied = new Set(await raising.store.linkedInterrupts(place.thread_id, [...raised.keys()]));
  for (const [interrupt_id, question] of raised) {
    if (tied.has(interrupt_id)) continue;
    const request_ids = await requestsFor(raising, place, interrupt_id, question);
    if (request_ids.length > 0)
      await raising.store.linkInterrupt({
        thread_id: place.thread_id,
        interrupt_id,
        graph: raising.graph,
        request_ids,
      });
  }
}

/** One request per question, or one per action where a question holds several. Without a client, a plain interrupt stays the graph's own affair. */
async function requestsFor(
  { lp, service }: Raising,
  place: Place,
  interrupt_id: string,
  question: unknown,
): Promise<string[]> {
  const paused = pausedRequestOf(question);
  if (paused !== undefined) return [paused];
  if (!lp) return [];
  const node = nodeOf(place);
  const actions = actionRequestsOf(question) ?? [{ name: node, args: question }];
  // Never from the question: a model may have written it.
  const context = joinedContext({ thread_id: place.thread_id, node }, place.host());
  const ids: string[] = [];
  for (const [position, { name, args }] of actions.entries()) {
    const { id } = await lp.open({
      service,
      action: name,
      payload: jsonObject(args),
      context,
      idempotencyKey: createHash('sha256')
        .update(JSON.stringify([place.thread_id, interrupt_id, position]))
        .digest('hex'),
    });
    ids.push(id);
  }
  return ids;
}

/** The node that asks: in the task's path, or, for one started by a `Send`, the innermost namespace that names one. */
function nodeOf({ task_path, checkpoint_ns }: Place): string {
  const pulled = /^~__pregel_pull, (.+)$/s.exec(task_path)?.[1];
  const outer = checkpoint_ns.split('|').at(-1)?.split(':')[0];
  return (pulled || outer || 'interrupt').slice(0, 200);
}
