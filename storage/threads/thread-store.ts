import type { Pool } from 'pg';
import type {
  ChannelValue,
  CheckpointFilter,
  CheckpointHead,
  CheckpointKey,
  InterruptLink,
  Pause,
  Serialized,
  StoredCheckpoint,
  TaskWrite,
} from '../../contracts/thread.ts';
import type { Keyring, Sealer } from '../../crypto/keyring.ts';
import type { LeaseRequest, ThreadStore } from '../../domain/thread/ports.ts';
import { reportingForged } from '../approvals/forged-rows.ts';
import { inProject, type Transaction } from '../db/transaction.ts';
import { sealBody, sealValues, sealWrites, unsealCheckpoints } from './checkpoint-seals.ts';
import { insertCheckpoint, insertWrites, readCheckpoints, type WriteGuard } from './checkpoints.ts';
import { acquireLease, FenceLost, leasedSinceNewest, releaseLease, renewLease } from './lease.ts';
import { interruptAnswers, linkedInterrupts, linkInterrupt, markResumed } from './thread-interrupts.ts';
import { createThreadKeys, type ThreadKey, type ThreadKeys } from './thread-keys.ts';
import { insertPause, readPause } from './thread-pauses.ts';
import { eraseThread, threadByKey } from './threads.ts';

export interface ThreadStoreOptions {
  pool: Pool;
  keyring: Keyring;
  project_id: string;
}

/**
 * The threads of one project in PostgreSQL, for `LetsPingCheckpointer` and the resume worker. Rows are sealed on write and
 * unsealed on read; a row that was altered or moved throws `SealBroken` or `RowForged`. The latter is an incident.
 */
export function createThreadStore({ pool, keyring, project_id }: ThreadStoreOptions): ThreadStore {
  let loaded: Promise<{ sealer: Sealer; keys: ThreadKeys }> | undefined;
  const load = () => {
    if (loaded) return loaded;
    const loading = keyring.sealer(project_id).then((sealer) => ({ sealer, keys: createThreadKeys(pool, sealer) }));
    loaded = loading;
    loading.catch(() => {
      loaded = undefined; // the next call retries
    });
    return loading;
  };
  const transact = <T>(work: (tx: Transaction) => Promise<T>) => inProject(pool, project_id, work);
  const authenticated = async <T>(work: (tx: Transaction, sealer: Sealer) => Promise<T>) => {
    const { sealer } = await load();
    return reportingForged(pool, project_id, () => transact((tx) => work(tx, sealer)));
  };

  /**
   * Seals under the thread's key and writes. Without a lease, a refusal means that the thread was deleted and created again
   * with another key since this process read it: one retry, with that key.
   */
  async function write(
    thread_id: string,
    fence: string | undefined,
    work: (key: ThreadKey, guard: WriteGuard) => Promise<(tx: Transaction) => Promise<boolean>>,
  ) {
    assertStorable(thread_id);
    const { keys } = await load();
    for (let attempt = 1; ; attempt++) {
      const key = await keys.of(thread_id);
      const statements = await work(key, { wrapped_key: key.wrapped, fence });
      try {
        return await transact(async (tx) => {
          if (!(await statements(tx)))
            throw new FenceLost('another process continues the thread, or the thread has moved on');
        });
      } catch (error) {
        if (!(error instanceof FenceLost) || fence !== undefined || attempt > 1) throw error;
        keys.forget(thread_id);
      }
    }
  }

  return {
    project_id,

    /** @throws FenceLost */
    putCheckpoint: (head: CheckpointHead, body: Serialized, values: ChannelValue[], fence?: string): Promise<void> =>
      write(head.thread_id, fence, async ({ key }, guard) => {
        const [sealed, rows] = await Promise.all([
          sealBody(key, project_id, head, body),
          sealValues(key, project_id, head, values),
        ]);
        return (tx) => insertCheckpoint(tx, guard, head, sealed, rows);
      }),

    /** @throws FenceLost */
    putWrites: (checkpoint: CheckpointKey, writes: TaskWrite[], fence?: string): Promise<void> =>
      write(checkpoint.thread_id, fence, async ({ key }, guard) => {
        const rows = await sealWrites(key, project_id, checkpoint, writes);
        return (tx) => insertWrites(tx, guard, checkpoint, rows);
      }),

    /** @throws SealBroken */
    async listCheckpoints(filter: CheckpointFilter): Promise<StoredCheckpoint[]> {
      const { keys } = await load();
      const rows = await transact((tx) => readCheckpoints(tx, filter));
      return unsealCheckpoints(project_id, keys, rows);
    },

    async deleteThread(thread_id: string): Promise<void> {
      const { keys } = await load();
      await transact((tx) => eraseThread(tx, thread_id));
      keys.forget(thread_id);
    },

    linkedInterrupts: (thread_id: string, interrupt_ids: string[]) =>
      authenticated((tx, sealer) => linkedInterrupts(tx, sealer, thread_id, interrupt_ids)),
    linkInterrupt: (link: InterruptLink) => authenticated((tx, sealer) => linkInterrupt(tx, sealer, link)),
    readPause: (thread_id: string, pause_key: string) =>
      authenticated((tx, sealer) => readPause(tx, sealer, thread_id, pause_key)),
    putPause: (thread_id: string, pause_key: string, pause: Pause) =>
      authenticated((tx, sealer) => insertPause(tx, sealer, thread_id, pause_key, pause)),

    threadByKey: (thread_key: string) => authenticated((tx, sealer) => threadByKey(tx, sealer, thread_key)),
    leasedSinceNewest: (thread_id: string) => transact((tx) => leasedSinceNewest(tx, thread_id)),
    acquireLease: (thread_id: string, request: LeaseRequest) => transact((tx) => acquireLease(tx, thread_id, request)),
    renewLease: (thread_id: string, fence: string, lease_ms: number) =>
      transact((tx) => renewLease(tx, thread_id, fence, lease_ms)),
    releaseLease: (thread_id: string, fence: string) => transact((tx) => releaseLease(tx, thread_id, fence)),
    interruptAnswers: (thread_id: string, interrupt_ids: string[]) =>
      authenticated((tx, sealer) => interruptAnswers(tx, sealer, thread_id, interrupt_ids)),
    markResumed: (thread_id: string, interrupt_ids: string[]) =>
      transact((tx) => markResumed(tx, thread_id, interrupt_ids)),
  };
}

/** PostgreSQL has no NUL in text, and the driver turns a lone surrogate into U+FFFD, so that two threads would have one id. */
function assertStorable(thread_id: string): void {
  if (thread_id === '' || /\0|\p{Surrogate}/u.test(thread_id))
    throw new TypeError('a thread_id is not empty, and well-formed Unicode without NUL');
}
