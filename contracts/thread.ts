import type { StatusAnswer } from './approval-request.ts';

/** What a checkpointer and the store of its threads say to each other. */

/** A value as the serializer made it: the type says how to read the bytes. */
export interface Serialized {
  type: string;
  bytes: Uint8Array;
}

/** Names one checkpoint. */
export interface CheckpointKey {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
}

/** What of a checkpoint a store may keep in clear. `channel_versions` is JSON, kept as the text it is. */
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

/** A question of a thread and the requests that carry it: one, or one per action in the order of the actions. */
export interface InterruptLink {
  thread_id: string;
  interrupt_id: string;
  graph: string;
  request_ids: string[];
}

/** What became of an interrupt: `answers` is there when every one of its requests is closed, in the order of the actions. */
export interface InterruptAnswer {
  interrupt_id: string;
  resumed: boolean;
  answers?: StatusAnswer[];
}

/** What a pause of a node opened when it was first reached. `held`: it was not answered at once, so a resume brings the answer. */
export interface Pause {
  request_id: string;
  held: boolean;
}
