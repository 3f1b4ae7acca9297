import type { RunnableConfig } from '@langchain/core/runnables';
import type { ThreadStore } from '../../domain/thread/ports.ts';
import { ownCheckpointer } from './checkpointer.ts';

/** One execution of a node, and its pauses in their order. */
export interface NodeRun {
  store: ThreadStore;
  thread_id: string;
  checkpoint_ns: string;
  node: string;
  /**
   * Runs `work` for the n-th pause of this execution (0, 1, …), after the previous ones: LangGraph assigns answers to interrupts
   * by their order, so concurrent pauses could get each other's answer. A pause that stops the node also stops the later ones.
   */
  inTurn<T>(work: (run: NodeRun, n: number) => Promise<T>): Promise<T>;
}

interface Turns {
  attempt: unknown;
  count: number;
  last: Promise<unknown>;
}
const turnsOf = new WeakMap<object, Turns>();

/** @throws TypeError outside a node, or in a graph without `LetsPingCheckpointer`. */
export function nodeRunOf(config: RunnableConfig): NodeRun {
  const {
    thread_id,
    checkpoint_ns,
    __pregel_scratchpad: scratchpad,
    __pregel_checkpointer: checkpointer,
  } = config?.configurable ?? {};
  if (
    typeof thread_id !== 'string' ||
    typeof checkpoint_ns !== 'string' ||
    typeof scratchpad !== 'object' ||
    scratchpad === null
  ) {
    throw new TypeError("pause() must be called in a node of a graph, with the node's config as its last argument");
  }
  const { store } = ownCheckpointer(checkpointer, 'pause() needs a graph that was compiled with LetsPingCheckpointer');
  const run: NodeRun = {
    store,
    thread_id,
    checkpoint_ns,
    node: checkpoint_ns.split('|').at(-1)?.split(':')[0] || 'node',
    inTurn(work) {
      const turns = currentTurns(scratchpad, config);
      const n = turns.count++;
      const turn = turns.last.then(() => work(run, n));
      turns.last = turn;
      turn.catch(() => {}); // the caller handles the rejection
      return turn;
    },
  };
  return run;
}

/** A node's retry policy runs it again with the same scratchpad; its pauses then count from 0 again. */
function currentTurns(scratchpad: object, config: RunnableConfig): Turns {
  const attempt = (config as { executionInfo?: { nodeAttempt?: unknown } }).executionInfo?.nodeAttempt;
  const known = turnsOf.get(scratchpad);
  if (known && known.attempt === attempt) return known;
  const fresh: Turns = { attempt, count: 0, last: Promise.resolve() };
  turnsOf.set(scratchpad, fresh);
  return fresh;
}
