import { createHash } from 'node:crypto';
import { INTERRUPT, type PendingWrite } from '@langchain/langgraph-checkpoint';
import type { ActionContext } from '../../contracts/action.ts';
import { joinedContext } from '../../domain/policy/joined-context.ts';
import type { ThreadStore } from '../../domain/thread/ports.ts';
import type { ApprovalClient } from './client.ts';
import { actionRequestsOf } from './hitl.ts';
import { jsonObject } from './json-payload.ts';
import { questionsIn } from './one-langgraph.ts';
import { pausedRequestOf } from './paused.ts';

interface RaiseDeps {
  store: ThreadStore;
  lp: ApprovalClient | undefined;
  graph: string;
  service: string;
}

interface Place {
  thread_id: string;
  checkpoint_ns: string;
  task_path: string;
  /** The host program's context of the run. Throws if it is not valid. */
  host: () => ActionContext | undefined;
}

/**
 * Opens the approval requests of all interrupts among the writes, unless they have some. A subgraph's interrupt is written
 * twice, and an unanswered sibling's at every resume: an interrupt that is already linked is skipped. If this throws, the run
 * rejects, and `invoke(null)` tries again.
 */
export async function raiseInterrupts(deps: RaiseDeps, place: Place, writes: PendingWrite[]): Promise<void> {
  const raised = new Map<string, unknown>();
  for (const [channel, value] of writes) {
    if (channel !== INTERRUPT) continue;
    for (const { id, value: question } of questionsIn(value)) if (id !== undefined) raised.set(id, question);
  }
  if (raised.size === 0) return;
  const linked = new Set(await deps.store.linkedInterrupts(place.thread_id, [...raised.keys()]));
  for (const [interrupt_id, question] of raised) {
    if (linked.has(interrupt_id)) continue;
    const request_ids = await requestsFor(deps, place, interrupt_id, question);
    if (request_ids.length > 0)
      await deps.store.linkInterrupt({
        thread_id: place.thread_id,
        interrupt_id,
        graph: deps.graph,
        request_ids,
      });
  }
}

/** One request per interrupt, or one per action if the interrupt has several. Without a client, a plain interrupt gets none. */
async function requestsFor(
  { lp, service }: RaiseDeps,
  place: Place,
  interrupt_id: string,
  question: unknown,
): Promise<string[]> {
  const paused = pausedRequestOf(question);
  if (paused !== undefined) return [paused];
  if (!lp) return [];
  const node = nodeOf(place);
  const actions = actionRequestsOf(question) ?? [{ name: node, args: question }];
  // Never from the value of the interrupt: a model may have written it.
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

/** The node that interrupts: from the task's path, or, if a `Send` started it, from the innermost namespace with a name. */
function nodeOf({ task_path, checkpoint_ns }: Place): string {
  const pulled = /^~__pregel_pull, (.+)$/s.exec(task_path)?.[1];
  const outer = checkpoint_ns.split('|').at(-1)?.split(':')[0];
  return (pulled || outer || 'interrupt').slice(0, 200);
}
