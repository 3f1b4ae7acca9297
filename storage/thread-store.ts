import type { Pool } from 'pg';
import type { SealContext } from '../crypto/envelope.ts';
import type { Keyring, Sealer } from '../crypto/keyring.ts';
import { insertCheckpoint, insertWrites, type ReadRow, readCheckpoints, type WriteGuard } from './checkpoints.ts';
import { openValue, type Serialized, sealValue } from './sealed-value.ts';
import { type InterruptLink, interruptAnswers, linkedInterrupts, linkInterrupt, markResumed } from './thread-interrupts.ts';
import { insertPause, type Pause, readPause } from './thread-pauses.ts';
import { createThreadKeys, type ThreadKey, type ThreadKeys } from './thread-keys.ts';
import type { ChannelValue, CheckpointFilter, CheckpointHead, CheckpointKey, StoredCheckpoint, TaskWrite } from './thread-rows.ts';
import { type Claimant, claimThread, eraseThread, FenceLost, releaseClaim, renewClaim, threadByKey, wasClaimed } from './threads.ts';
import { inProject, type Transaction } from './transaction.ts';

export interface ThreadStoreOptions {
  pool: Pool;
  keyring: Keyring;
  project_id: string;
}

/**
 * The threads of one project: what `LetsPingCheckpointer` and the resume worker stand on beside the database. It seals what it
 * writes and opens what it reads; a row that was altered or moved is refused with `SealBroken`.
 */
export function createThreadStore({ pool, keyring, project_id }: ThreadStoreOptions) {
  let loaded: Promise<{ sealer: Sealer; keys: ThreadKeys }> | undefined;
  const load = () => {
    loaded ??= keyring.sealer(project_id).then((sealer) => ({ sealer, keys: createThreadKeys(pool, sealer) }));
    loaded.catch(() => {
      loaded = undefined;
    });
    return loaded;
  };
  const transact = <T>(work: (tx: Transaction) => Promise<T>) => inProject(pool, project_id, work);

  /**
   * Seals under the thread's key and writes. Without a claim a refusal means that the thread was deleted and made anew under
   * another key since this process read it: once more, under that one.
   */
  async function write(thread_id: string, fence: string | undefined, work: (key: ThreadKey, guard: WriteGuard) => Promise<(tx: Transaction) => Promise<boolean>>) {
    storable(thread_id);
    const { keys } = await load();
    for (let attempt = 1; ; attempt++) {
      const key = await keys.of(thread_id);
      const statements = await work(key, { wrapped_key: key.wrapped, fence });
      try {
        return await transact(async (tx) => {
          if (!(await statements(tx))) throw new FenceLost('the thread is continued elsewhere, or moved on');
        });
      } catch (error) {
        if (!(error instanceof FenceLost) || fence !== undefined || attempt > 1) throw error;
        keys.forget(thread_id);
      }
    }
  }

  return {
    /** @throws FenceLost */
    putCheckpoint: (head: CheckpointHead, body: Serialized, values: ChannelValue[], fence?: string): Promise<void> =>
      write(head.thread_id, fence, async ({ key }, guard) => {
        const [sealed, ...rest] = await Promise.all([
          sealValue(key, headContext(project_id, head), body),
          ...values.map((value) => sealValue(key, valueContext(project_id, head, value), value.value)),
        ]);
        const rows = values.map(({ channel, version }, i) => ({ channel, version, sealed: rest[i]! }));
        return (tx) => insertCheckpoint(tx, guard, head, sealed!, rows);
      }),

    /** @throws FenceLost */
    putWrites: (checkpoint: CheckpointKey, writes: TaskWrite[], fence?: string): Promise<void> =>
      write(checkpoint.thread_id, fence, async ({ key }, guard) => {
        const rows = await Promise.all(
          writes.map(async ({ value, ...row }) => ({ ...row, sealed: await sealValue(key, writeContext(project_id, checkpoint, row), value) })),
        );
        return (tx) => insertWrites(tx, guard, checkpoint, rows);
      }),

    /** A page, newest first. @throws SealBroken */
    async listCheckpoints(filter: CheckpointFilter): Promise<StoredCheckpoint[]> {
      const { keys } = await load();
      const rows = await transact((tx) => readCheckpoints(tx, filter));
      return assembled(project_id, keys, rows);
    },

    /** All of the thread in every namespace, and its key. */
    async deleteThread(thread_id: string): Promise<void> {
      const { keys } = await load();
      await transact((tx) => eraseThread(tx, thread_id));
      keys.forget(thread_id);
    },

    linkedInterrupts: (thread_id: string, interrupt_ids: string[]) => transact((tx) => linkedInterrupts(tx, thread_id, interrupt_ids)),
    linkInterrupt: (link: InterruptLink) => transact((tx) => linkInterrupt(tx, link)),
    readPause: (thread_id: string, pause_key: string) => transact((tx) => readPause(tx, thread_id, pause_key)),
    putPause: (thread_id: string, pause_key: string, pause: Pause) => transact((tx) => insertPause(tx, thread_id, pause_key, pause)),

    threadByKey: (thread_key: string) => transact((tx) => threadByKey(tx, thread_key)),
    wasClaimed: (thread_id: string) => transact((tx) => wasClaimed(tx, thread_id)),
    claimThread: (thread_id: string, claimant: Claimant) => transact((tx) => claimThread(tx, thread_id, claimant)),
    renewClaim: (thread_id: string, fence: string, lease_ms: number) => transact((tx) => renewClaim(tx, thread_id, fence, lease_ms)),
    releaseClaim: (thread_id: string, fence: string) => transact((tx) => releaseClaim(tx, thread_id, fence)),
    async interruptAnswers(thread_id: string, interrupt_ids: string[]) {
      const { sealer } = await load();
      return transact((tx) => interruptAnswers(tx, sealer, thread_id, interrupt_ids));
    },
    markResumed: (thread_id: string, interrupt_ids: string[]) => transact((tx) => markResumed(tx, thread_id, interrupt_ids)),
  };
}
export type ThreadStore = ReturnType<typeof createThreadStore>;

/** PostgreSQL has no NUL in text, and the driver would turn a lone surrogate into U+FFFD: two threads would become one. */
function storable(thread_id: string): void {
  if (thread_id === '' || /\0|\p{Surrogate}/u.test(thread_id)) throw new TypeError('a thread_id is a text of well-formed Unicode without NUL');
}

const headContext = (project_id: string, head: CheckpointHead): SealContext => [
  project_id, 'checkpoint', head.thread_id, head.checkpoint_ns, head.checkpoint_id, head.parent_id, head.v, head.source, head.step, head.channel_versions,
];
const valueContext = (project_id: string, { thread_id, checkpoint_ns }: CheckpointKey, { channel, version }: Pick<ChannelValue, 'channel' | 'version'>): SealContext => [
  project_id, 'value', thread_id, checkpoint_ns, channel, version,
];
const writeContext = (project_id: string, key: CheckpointKey, row: Omit<TaskWrite, 'value'>): SealContext => [
  project_id, 'write', key.thread_id, key.checkpoint_ns, key.checkpoint_id, row.task_id, row.idx, row.task_path, row.channel,
];

/** Opens the rows of a read and puts them together by checkpoint, newest first. */
async function assembled(project_id: string, keys: ThreadKeys, rows: ReadRow[]): Promise<StoredCheckpoint[]> {
  const keyOf = new Map(rows.flatMap((row) => (row.kind === 'key' ? [[row.thread_id, keys.unwrap(row.thread_id, row.sealed)] as const] : [])));
  const byCheckpoint = new Map<string, ReadRow[]>();
  for (const row of rows) {
    const id = JSON.stringify([row.checkpoint_id, row.thread_id, row.checkpoint_ns]);
    const group = byCheckpoint.get(id);
    if (group) group.push(row);
    else byCheckpoint.set(id, [row]);
  }
  const heads = rows.filter((row) => row.kind === 'checkpoint').sort(newestFirst);
  return Promise.all(
    heads.map(async (row): Promise<StoredCheckpoint> => {
      const { thread_id, checkpoint_ns, checkpoint_id } = row;
      const key = keyOf.get(thread_id);
      if (!key) throw new Error('a checkpoint without its thread');
      const [source, step] = JSON.parse(row.c) as [string | null, number | null];
      const head: CheckpointHead = { thread_id, checkpoint_ns, checkpoint_id, parent_id: row.a, v: row.n, source, step, channel_versions: row.b };
      const group = byCheckpoint.get(JSON.stringify([checkpoint_id, thread_id, checkpoint_ns])) ?? [];
      const tasks = (kind: 'write' | 'send', of: CheckpointKey) =>
        Promise.all(
          group.flatMap((w) => (w.kind === kind ? [w] : [])).map(async (w): Promise<TaskWrite> => {
            const row = { task_id: w.b, idx: w.n, task_path: w.c, channel: w.a };
            return { ...row, value: await openValue(key, writeContext(project_id, of, row), w.sealed) };
          }),
        );
      const [body, values, writes, sends] = await Promise.all([
        openValue(key, headContext(project_id, head), row.sealed),
        Promise.all(
          group.flatMap((v) => (v.kind === 'value' ? [v] : [])).map(async (v): Promise<ChannelValue> => {
            const row = { channel: v.a, version: v.b };
            return { ...row, value: await openValue(key, valueContext(project_id, head, row), v.sealed) };
          }),
        ),
        tasks('write', head),
        tasks('send', { thread_id, checkpoint_ns, checkpoint_id: head.parent_id ?? '' }),
      ]);
      return { head, body, values, writes, sends };
    }),
  );
}

function newestFirst(a: CheckpointKey, b: CheckpointKey): number {
  if (a.checkpoint_id !== b.checkpoint_id) return a.checkpoint_id < b.checkpoint_id ? 1 : -1;
  if (a.thread_id !== b.thread_id) return a.thread_id < b.thread_id ? -1 : 1;
  return a.checkpoint_ns < b.checkpoint_ns ? -1 : 1;
}
