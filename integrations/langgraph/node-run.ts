import type { RunnableConfig } from '@langchain/core/runnables';
import { LetsPingCheckpointer } from './checkpointer.ts';
import type { ThreadStore } from './store.ts';

/** One execution of a node, and its pauses in their order. */
export interface NodeRun {
  store: ThreadStore;
  thread_id: string;
  checkpoint_ns: string;
  node: string;
  /**
   * Runs `work` for the n-th pause of this execution (0, 1, …), after the ones before it: LangGraph gives answers to interrupts
   * by their order, so two pauses that race would take each other's. One that stops the node stops those behind it.
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
    throw new TypeError("pause() belongs into a node of a graph, and takes the node's config as its last argument");
  }
  if (!(checkpointer instanceof LetsPingCheckpointer))
    throw new TypeError('pause() needs a graph that was compiled with LetsPingCheckpointer');
  const run: NodeRun = {
    store: checkpointer.store,
    thread_id,
    checkpoint_ns,
    node: checkpoint_ns.split('|').at(-1)?.split(':')[0] || 'node',
    inTurn(work) {
      const turns = currentTurns(scratchpad, config);
      const n = turns.count++;
      const turn = turns.last.then(() => work(run, n));
      turns.last = turn;
      turn.catch(() => {}); // its caller hears of it
      return turn;
    },
  };
  return run;
}

/** A node's own retry policy runs it again with the same scratchpad: then its pauses count from 0 again. */
function currentTurns(scratchpad: object, config: RunnableConfig): Turns {
  const attempt = (config as { executionInfo?: { nodeAttempt?: unknown } }).executionInfo?.nodeAttempt;
  const known = turnsOf.get(scratchpad);
  if (known && known.attempt === attempt) return known;
  const fresh: Turns = { attempt, count: 0, last: Promise.resolve() };
  turnsOf.set(scratchpad, fresh);
  return fresh;
}
