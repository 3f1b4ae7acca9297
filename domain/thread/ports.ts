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

/** A request for the lease on a thread. A later attempt of the same owner replaces an earlier one at once, never the reverse. */
export interface LeaseRequest {
  owner: string;
  attempt: number;
  lease_ms: number;
}

/**
 * The threads of one project, sealed. `createThreadStore` of `letsping-temporal/storage` implements it on PostgreSQL; each
 * method is one call, so that another implementation can be remote.
 *
 * A write with a `fence` throws `FenceLost` if another process has taken the lease since, and a checkpoint also if its parent is
 * not the newest one. The caller then starts again from the stored state.
 */
export interface ThreadStore {
  readonly project_id: string;
  /** Idempotent. A channel's value of one version is never replaced. */
  putCheckpoint(head: CheckpointHead, body: Serialized, values: ChannelValue[], fence?: string): Promise<void>;
  /** A write with a negative `idx` replaces the stored one; any other write keeps it. */
  putWrites(checkpoint: CheckpointKey, writes: TaskWrite[], fence?: string): Promise<void>;
  listCheckpoints(filter: CheckpointFilter): Promise<StoredCheckpoint[]>;
  /** Deletes the thread in all namespaces, and its key. */
  deleteThread(thread_id: string): Promise<void>;

  /** Returns those of the interrupts that have approval requests. */
  linkedInterrupts(thread_id: string, interrupt_ids: string[]): Promise<string[]>;
  /** Links an interrupt to its requests, pending or closed. An existing link is kept. */
  linkInterrupt(link: InterruptLink): Promise<void>;
  readPause(thread_id: string, pause_key: string): Promise<Pause | undefined>;
  /** Stores a pause, and returns the stored one: the first is kept. */
  putPause(thread_id: string, pause_key: string, pause: Pause): Promise<Pause>;

  threadByKey(thread_key: string): Promise<string | undefined>;
  /**
   * Whether the newest checkpoint was written under a lease, or a lease was taken since. If not, the run that wrote it may
   * still be alive.
   */
  leasedSinceNewest(thread_id: string): Promise<boolean>;
  /** Returns the new fence; undefined while another process holds the lease. */
  acquireLease(thread_id: string, request: LeaseRequest): Promise<string | undefined>;
  /** False if another process has taken the lease. */
  renewLease(thread_id: string, fence: string, lease_ms: number): Promise<boolean>;
  releaseLease(thread_id: string, fence: string): Promise<void>;
  interruptAnswers(thread_id: string, interrupt_ids: string[]): Promise<InterruptAnswer[]>;
  markResumed(thread_id: string, interrupt_ids: string[]): Promise<void>;
}
