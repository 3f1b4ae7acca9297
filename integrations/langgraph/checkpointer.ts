import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { RunnableConfig } from '@langchain/core/runnables';
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  getCheckpointId,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from '@langchain/langgraph-checkpoint';
import { LetsPingError } from '../../client/errors.ts';
import type { CheckpointFilter, CheckpointHead, Serialized, StoredCheckpoint } from '../../contracts/thread.ts';
import type { ThreadStore } from '../../domain/thread/ports.ts';
import type { ApprovalClient } from './client.ts';
import { hostContextOf } from './host-context.ts';
import { assertOneLangGraph, assertRunningLangGraph } from './one-langgraph.ts';
import { OwnPuts } from './own-puts.ts';
import { raiseInterrupts } from './raise.ts';
import { type Deserialize, tupleOf } from './tuple.ts';

export interface CheckpointerOptions {
  store: ThreadStore;
  /** The graph's name in `resumeWorker`. Default `default`. */
  graph?: string;
  /** Opens a request for every plain `interrupt()`. Absent: only interrupts of `pause` are linked to requests. */
  lp?: ApprovalClient;
  /** The service of those requests. Default: the graph's name. */
  service?: string;
  serde?: SerializerProtocol;
}

/** The URL of the class's file. In the global registry, so that a second copy of this package has the same symbol. */
const FILE = Symbol.for('letsping.checkpointer');

/** Checkpoints per page of `list`, so that not all of a large history is in memory. */
const PAGE = 25;

/**
 * Stores a graph's threads in a `ThreadStore`, sealed, and opens an approval request when a node interrupts, with the context in
 * `configurable.letsping_context`, as `pause` does.
 *
 * @throws LetsPingError `LETSPING_UNSUPPORTED_VERSION` or `LETSPING_TWO_COPIES`, about LangGraph.
 * @example
 * const graph = builder.compile({ checkpointer: new LetsPingCheckpointer({ store, lp, graph: 'payments' }) });
 */
export class LetsPingCheckpointer extends BaseCheckpointSaver {
  static {
    Object.defineProperty(LetsPingCheckpointer.prototype, FILE, { value: import.meta.url });
  }

  readonly store: ThreadStore;
  readonly graph: string;
  readonly #lp: ApprovalClient | undefined;
  readonly #service: string;
  readonly #puts = new OwnPuts();
  /** Whether the copy of LangGraph that runs the graph was found, and is ours. */
  #runnerChecked = false;

  constructor({ store, graph = 'default', lp, service = graph, serde }: CheckpointerOptions) {
    super(serde);
    assertOneLangGraph();
    this.store = store;
    this.graph = graph;
    this.#lp = lp;
    this.#service = service;
  }

  /** Padded, so that versions sort as text; with a random suffix, so that two forks never write the same version. */
  override getNextVersion(current: number | string | undefined): number {
    const counter = current === undefined ? 0 : Number.parseInt(String(current), 10);
    // The base class types versions as integers, but accepts text everywhere.
    return `${String(counter + 1).padStart(12, '0')}.${randomBytes(5).toString('hex')}` as unknown as number;
  }

  async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread_id, checkpoint_ns, checkpoint_id: parent_id, fence } = addressed(config, 'put');
    const { channel_values, channel_versions, ...rest } = checkpoint;
    const head = {
      thread_id,
      checkpoint_ns,
      checkpoint_id: checkpoint.id,
      parent_id: parent_id ?? null,
      v: checkpoint.v,
      source: metadata.source ?? null,
      step: metadata.step ?? null,
      channel_versions: JSON.stringify(channel_versions),
    };
    await this.#puts.track(
      JSON.stringify([thread_id, checkpoint_ns]),
      this.#put(head, { rest, metadata }, newVersions, channel_values, fence),
    );
    return { configurable: { thread_id, checkpoint_ns, checkpoint_id: checkpoint.id } };
  }

  async #put(
    head: CheckpointHead,
    bodyOf: { rest: unknown; metadata: CheckpointMetadata },
    newVersions: ChannelVersions,
    channel_values: Checkpoint['channel_values'],
    fence: string | undefined,
  ): Promise<void> {
    const [body, ...values] = await Promise.all([
      this.#dump(bodyOf),
      ...Object.entries(newVersions)
        .filter(([channel]) => Object.hasOwn(channel_values, channel))
        .map(async ([channel, version]) => ({
          channel,
          version: String(version),
          value: await this.#dump(channel_values[channel]),
        })),
    ]);
    await this.store.putCheckpoint(head, body, values, fence);
  }

  async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string, taskPath = ''): Promise<void> {
    const { thread_id, checkpoint_ns, checkpoint_id, fence } = addressed(config, 'putWrites');
    if (checkpoint_id === undefined) throw new TypeError('putWrites: configurable.checkpoint_id is missing');
    if (writes.length === 0) return;
    // One row per index, the last write: a call may have two of one index (`__resume__` twice, at a node's second interrupt).
    const byIndex = new Map(writes.map((write, i) => [WRITES_IDX_MAP[write[0]] ?? i, write]));
    const rows = await Promise.all(
      [...byIndex].map(async ([idx, [channel, value]]) => ({
        task_id: taskId,
        idx,
        task_path: taskPath,
        channel,
        value: await this.#dump(value),
      })),
    );
    await this.store.putWrites({ thread_id, checkpoint_ns, checkpoint_id }, rows, fence);
    await raiseInterrupts(
      { store: this.store, lp: this.#lp, graph: this.graph, service: this.#service },
      { thread_id, checkpoint_ns, task_path: taskPath, host: () => hostContextOf(config) },
      writes,
    );
  }

  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    this.#runnerChecked ||= assertRunningLangGraph(); // each run begins with this call
    const { thread_id, checkpoint_ns = '' } = config.configurable ?? {};
    if (thread_id === undefined) return undefined;
    const checkpoint_id = getCheckpointId(config);
    await this.#puts.settled(JSON.stringify([thread_id, checkpoint_ns]));
    const [stored] = await this.store.listCheckpoints({
      thread_id,
      checkpoint_ns,
      ...(checkpoint_id && { checkpoint_id }),
      limit: 1,
    });
    return stored && this.#tuple(stored);
  }

  /** Newest id first; without a thread id, of all threads. Reads page by page. */
  async *list(
    config: RunnableConfig,
    { limit = Number.POSITIVE_INFINITY, before, filter }: CheckpointListOptions = {},
  ): AsyncGenerator<CheckpointTuple> {
    const { selection, compared } = selectionOf(config, before, filter);
    let left = limit;
    let after: CheckpointFilter['after'];
    while (left > 0) {
      const size = compared.length > 0 ? PAGE : Math.min(left, PAGE);
      const page = await this.store.listCheckpoints({ ...selection, ...(after && { after }), limit: size });
      for (const stored of page) {
        const tuple = await this.#tuple(stored);
        const metadata = tuple.metadata as Record<string, unknown> | undefined;
        if (!compared.every(([name, wanted]) => isDeepStrictEqual(metadata?.[name], wanted))) continue;
        yield tuple;
        left -= 1;
        if (left <= 0) return;
      }
      if (page.length < size) return;
      after = page.at(-1)?.head;
    }
  }

  /** Deletes the thread in all namespaces, and its key: nothing of it can be read again. */
  async deleteThread(threadId: string): Promise<void> {
    await this.store.deleteThread(threadId);
  }

  async #dump(value: unknown): Promise<Serialized> {
    const [type, bytes] = await this.serde.dumpsTyped(value);
    return { type, bytes };
  }

  #tuple(stored: StoredCheckpoint): Promise<CheckpointTuple> {
    const load: Deserialize = ({ type, bytes }) => this.serde.loadsTyped(type, bytes);
    return tupleOf(stored, load, () => this.getNextVersion(undefined));
  }
}

/** The checkpointer of a graph. @throws TypeError with `problem` if it is another one; LetsPingError if another copy of this package made it. */
export function ownCheckpointer(saver: unknown, problem: string): LetsPingCheckpointer {
  if (saver instanceof LetsPingCheckpointer) return saver;
  const file: unknown = typeof saver === 'object' && saver !== null ? Reflect.get(saver, FILE) : undefined;
  if (typeof file !== 'string') throw new TypeError(problem);
  throw new LetsPingError(
    'LETSPING_TWO_COPIES',
    `two copies of letsping-temporal would work together: the graph's checkpointer is from ${file}, and the function that reads it from ${import.meta.url}; install one, and import both from it`,
  );
}

/** The three keys of a checkpoint, and the fence of a resumed thread. Other members of `configurable` are not stored. */
function addressed(config: RunnableConfig, method: string) {
  const { thread_id, checkpoint_ns = '', checkpoint_id, lp_fence: fence } = config.configurable ?? {};
  if (typeof thread_id !== 'string') throw new TypeError(`${method}: configurable.thread_id is missing`);
  return { thread_id, checkpoint_ns, checkpoint_id, fence } as {
    thread_id: string;
    checkpoint_ns: string;
    checkpoint_id: string | undefined;
    fence: string | undefined;
  };
}

/** The filters that the store applies, and those on sealed metadata, which are compared here. */
function selectionOf(config: RunnableConfig, before: RunnableConfig | undefined, filter: Record<string, unknown> = {}) {
  const { thread_id, checkpoint_ns, checkpoint_id } = config.configurable ?? {};
  const before_id = before?.configurable?.checkpoint_id;
  const selection: Omit<CheckpointFilter, 'limit'> = {
    ...(thread_id !== undefined && { thread_id }),
    ...(checkpoint_ns !== undefined && { checkpoint_ns }),
    ...(checkpoint_id && { checkpoint_id }),
    ...(before_id && { before_id }),
    ...(typeof filter.source === 'string' && { source: filter.source }),
    ...(Number.isInteger(filter.step) && { step: filter.step as number }),
  };
  const compared = Object.entries(filter).filter(([name, wanted]) => wanted !== undefined && !(name in selection));
  return { selection, compared };
}
