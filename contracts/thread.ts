import type { StatusAnswer } from './approval-request.ts';

/** The data that a checkpointer and the store of its threads exchange. */

/** A serialized value. `type` names the format of the bytes. */
export interface Serialized {
  type: string;
  bytes: Uint8Array;
}

/** The primary key of a checkpoint. */
export interface CheckpointKey {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
}

/** The part of a checkpoint that a store may keep unencrypted. `channel_versions` is JSON text, stored unchanged. */
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
  /** The checkpoint without its channels' values. */
  body: Serialized;
  values: ChannelValue[];
  /** In no particular order. */
  writes: TaskWrite[];
  /** For a checkpoint below version 4: the `Send`s of its parent's tasks. */
  sends: TaskWrite[];
}

/** Selects a page of checkpoints, newest id first. An absent member does not filter. */
export interface CheckpointFilter {
  thread_id?: string;
  checkpoint_ns?: string;
  checkpoint_id?: string;
  /** Only ids below this one. */
  before_id?: string;
  source?: string;
  step?: number;
  /** The last checkpoint of the previous page. */
  after?: CheckpointKey;
  limit: number;
}

/** An interrupt and its approval requests: one, or one per action in the order of the actions. */
export interface InterruptLink {
  thread_id: string;
  interrupt_id: string;
  graph: string;
  request_ids: string[];
}

/** The state of an interrupt. `answers` is present when all its requests are closed, in the order of the actions. */
export interface InterruptAnswer {
  interrupt_id: string;
  resumed: boolean;
  answers?: StatusAnswer[];
}

/** The request that a node's pause opened when it was first reached. `held`: it was pending, so a resume brings the answer. */
export interface Pause {
  request_id: string;
  held: boolean;
}
