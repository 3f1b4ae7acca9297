import type {
  ChannelValue,
  CheckpointFilter,
  CheckpointHead,
  CheckpointKey,
  InterruptAnswer,
  InterruptLink,
  Pause,
  Serialized,
  StoredCheckpoint,
  TaskWrite,
} from '../../contracts/thread.ts';

export type * from '../../contracts/thread.ts';

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
