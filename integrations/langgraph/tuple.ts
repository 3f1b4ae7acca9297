import * as checkpoints from '@langchain/langgraph-checkpoint'; // an older one lacks some names: `one-langgraph.ts` refuses it
import {
  type ChannelVersions,
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  maxChannelVersion,
  TASKS,
} from '@langchain/langgraph-checkpoint';
import type { CheckpointHead, Serialized, StoredCheckpoint, TaskWrite } from '../../contracts/thread.ts';

export type Deserialize = (value: Serialized) => unknown;

/** The first checkpoint version in which a `Send` is an ordinary value of its channel. */
const SENDS_ARE_VALUES = 4;

/** The order in which LangGraph applies the writes of a step. */
const inOrder = (writes: TaskWrite[]) =>
  writes.toSorted((a, b) =>
    checkpoints.compareWritesSortKeys(
      checkpoints.writesSortKey(a.task_path, a.task_id, a.idx),
      checkpoints.writesSortKey(b.task_path, b.task_id, b.idx),
    ),
  );

const configOf = ({ thread_id, checkpoint_ns }: CheckpointHead, checkpoint_id: string) => ({
  configurable: { thread_id, checkpoint_ns, checkpoint_id },
});

/** A stored checkpoint in LangGraph's form. `firstVersion` returns the version of a channel for a checkpoint that has none. */
export async function tupleOf(
  { head, body, values, writes, sends }: StoredCheckpoint,
  load: Deserialize,
  firstVersion: () => number,
): Promise<CheckpointTuple> {
  const loadAll = (rows: { value: Serialized }[]) => Promise.all(rows.map((row) => load(row.value)));
  const ordered = inOrder(writes);
  const [{ rest, metadata }, loadedValues, loadedWrites] = await Promise.all([
    load(body) as Promise<{
      rest: Omit<Checkpoint, 'channel_values' | 'channel_versions'>;
      metadata: CheckpointMetadata;
    }>,
    loadAll(values),
    loadAll(ordered),
  ]);
  const channel_versions = JSON.parse(head.channel_versions) as ChannelVersions;
  const checkpoint: Checkpoint = {
    ...rest,
    channel_values: Object.fromEntries(values.map(({ channel }, i) => [channel, loadedValues[i]])),
    channel_versions,
  };
  if (head.v < SENDS_ARE_VALUES && head.parent_id !== null) {
    checkpoint.channel_values[TASKS] = await loadAll(inOrder(sends));
    const versions = Object.values(channel_versions);
    checkpoint.channel_versions[TASKS] = versions.length > 0 ? maxChannelVersion(...versions) : firstVersion();
  }
  return {
    config: configOf(head, head.checkpoint_id),
    checkpoint,
    metadata,
    ...(head.parent_id !== null && { parentConfig: configOf(head, head.parent_id) }),
    pendingWrites: ordered.map(
      ({ task_id, channel }, i): CheckpointPendingWrite => [task_id, channel, loadedWrites[i]],
    ),
  };
}
