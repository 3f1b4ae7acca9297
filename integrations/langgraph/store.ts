import type { StatusAnswer } from '../../contracts/approval-request.ts';

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

/** Who wants to continue a thread. A later attempt of the same owner takes over at once, an earlier one never. */
export interface Claimant {
  owner: string;
  attempt: number;
  lease_ms: number;
}

/**
 * Where the threads of one project are kept, sealed: `createThreadStore` of `letsping-temporal/storage`, for whoever has the
 * database beside them. One call per need, so that another store may be a remote one.
 *
 * A write with a `fence` is refused (an error, worth another attempt from what stands then) when the claim is another's by
 * now, and a checkpoint also when it does not follow the newest one.
 */
export interface ThreadStore {
  readonly project_id: string;
  /** Safe to repeat. A value that stands in a version is never replaced. */
  putCheckpoint(head: CheckpointHead, body: Serialized, values: ChannelValue[], fence?: string): Promise<void>;
  /** Of regular writes the first stands; those with a negative `idx` are replaced. */
  putWrites(checkpoint: CheckpointKey, writes: TaskWrite[], fence?: string): Promise<void>;
  listCheckpoints(filter: CheckpointFilter): Promise<StoredCheckpoint[]>;
  /** All of the thread in every namespace, and its key. */
  deleteThread(thread_id: string): Promise<void>;

  /** Of these interrupts, those that have their requests. */
  linkedInterrupts(thread_id: string, interrupt_ids: string[]): Promise<string[]>;
  /** Ties an interrupt to its requests, open or closed; what is tied stays. */
  linkInterrupt(link: InterruptLink): Promise<void>;
  readPause(thread_id: string, pause_key: string): Promise<Pause | undefined>;
  /** Remembers a pause. The first one stands and is returned. */
  putPause(thread_id: string, pause_key: string, pause: Pause): Promise<Pause>;

  threadByKey(thread_key: string): Promise<string | undefined>;
  /** Whether a claim's holder wrote the newest checkpoint, or a claim was made since; else its writer may still be at work. */
  claimedSinceNewest(thread_id: string): Promise<boolean>;
  /** The new fence; undefined while another holds the claim. */
  claimThread(thread_id: string, claimant: Claimant): Promise<string | undefined>;
  /** False when the claim is another's by now. */
  renewClaim(thread_id: string, fence: string, lease_ms: number): Promise<boolean>;
  releaseClaim(thread_id: string, fence: string): Promise<void>;
  interruptAnswers(thread_id: string, interrupt_ids: string[]): Promise<InterruptAnswer[]>;
  markResumed(thread_id: string, interrupt_ids: string[]): Promise<void>;
}
