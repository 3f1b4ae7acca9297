import type { Serialized } from './sealed-value.ts';

/** Names one checkpoint. */
export interface CheckpointKey {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
}

/** What of a checkpoint stands in clear. `channel_versions` is JSON, and its exact text is part of what the seal binds. */
export interface CheckpointHead extends CheckpointKey {
  parent_id: string | null;
  v: number;
  source: string | null;
  step: number | null;
  channel_versions: string;
}

export interface ChannelValue {
  channel: string;
  version: string;
  value: Serialized;
}

export interface TaskWrite {
  task_id: string;
  idx: number;
  task_path: string;
  channel: string;
  value: Serialized;
}

export interface StoredCheckpoint {
  head: CheckpointHead;
  /** Everything of the checkpoint but its channels' values. */
  body: Serialized;
  values: ChannelValue[];
  /** In no particular order. */
  writes: TaskWrite[];
  /** For a checkpoint below version 4: what its parent's tasks sent. */
  sends: TaskWrite[];
}

/** Which checkpoints a page holds, newest id first. An absent member does not narrow. */
export interface CheckpointFilter {
  thread_id?: string;
  checkpoint_ns?: string;
  checkpoint_id?: string;
  /** Only ids below this one. */
  before_id?: string;
  source?: string;
  step?: number;
  /** The last checkpoint of the page before. */
  after?: CheckpointKey;
  limit: number;
}
