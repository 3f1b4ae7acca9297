import type {
  ChannelValue,
  CheckpointHead,
  CheckpointKey,
  Serialized,
  StoredCheckpoint,
  TaskWrite,
} from '../../contracts/thread.ts';
import { SealBroken, type SealContext } from '../../crypto/envelope.ts';
import { sealValue, unsealValue } from '../keys/sealed-value.ts';
import type { ReadRow, SealedValue, SealedWrite } from './checkpoints.ts';
import type { ThreadKeys } from './thread-keys.ts';

/*
 * The seal context of each row: its project, its key, and its unencrypted columns. A row that was moved, or whose unencrypted
 * columns were edited, cannot be unsealed.
 */
const headContext = (project_id: string, head: CheckpointHead): SealContext => [
  project_id,
  'checkpoint',
  head.thread_id,
  head.checkpoint_ns,
  head.checkpoint_id,
  head.parent_id,
  head.v,
  head.source,
  head.step,
  head.channel_versions,
];
const valueContext = (
  project_id: string,
  { thread_id, checkpoint_ns }: CheckpointKey,
  { channel, version }: Pick<ChannelValue, 'channel' | 'version'>,
): SealContext => [project_id, 'value', thread_id, checkpoint_ns, channel, version];
const writeContext = (project_id: string, key: CheckpointKey, row: Omit<TaskWrite, 'value'>): SealContext => [
  project_id,
  'write',
  key.thread_id,
  key.checkpoint_ns,
  key.checkpoint_id,
  row.task_id,
  row.idx,
  row.task_path,
  row.channel,
];

export const sealBody = (
  key: Uint8Array,
  project_id: string,
  head: CheckpointHead,
  body: Serialized,
): Promise<Buffer> => sealValue(key, headContext(project_id, head), body);

export const sealValues = (
  key: Uint8Array,
  project_id: string,
  head: CheckpointHead,
  values: ChannelValue[],
): Promise<SealedValue[]> =>
  Promise.all(
    values.map(async ({ value, ...row }) => ({
      ...row,
      sealed: await sealValue(key, valueContext(project_id, head, row), value),
    })),
  );

export const sealWrites = (
  key: Uint8Array,
  project_id: string,
  checkpoint: CheckpointKey,
  writes: TaskWrite[],
): Promise<SealedWrite[]> =>
  Promise.all(
    writes.map(async ({ value, ...row }) => ({
      ...row,
      sealed: await sealValue(key, writeContext(project_id, checkpoint, row), value),
    })),
  );

/** Unseals the rows of a read and groups them by checkpoint, newest first. @throws SealBroken */
export async function unsealCheckpoints(
  project_id: string,
  keys: ThreadKeys,
  rows: ReadRow[],
): Promise<StoredCheckpoint[]> {
  const keyOf = new Map(
    rows.flatMap((row) =>
      row.kind === 'key' ? [[row.thread_id, keys.unwrap(row.thread_id, row.sealed)] as const] : [],
    ),
  );
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
      if (!key) throw new SealBroken('a checkpoint without its thread');
      const [source, step] = JSON.parse(row.c) as [string | null, number | null];
      const head: CheckpointHead = {
        thread_id,
        checkpoint_ns,
        checkpoint_id,
        parent_id: row.a,
        v: row.n,
        source,
        step,
        channel_versions: row.b,
      };
      const group = byCheckpoint.get(JSON.stringify([checkpoint_id, thread_id, checkpoint_ns])) ?? [];
      const tasks = (kind: 'write' | 'send', of: CheckpointKey) =>
        Promise.all(
          group
            .flatMap((w) => (w.kind === kind ? [w] : []))
            .map(async (w): Promise<TaskWrite> => {
              const row = { task_id: w.b, idx: w.n, task_path: w.c, channel: w.a };
              return { ...row, value: await unsealValue(key, writeContext(project_id, of, row), w.sealed) };
            }),
        );
      const [body, values, writes, sends] = await Promise.all([
        unsealValue(key, headContext(project_id, head), row.sealed),
        Promise.all(
          group
            .flatMap((v) => (v.kind === 'value' ? [v] : []))
            .map(async (v): Promise<ChannelValue> => {
              const row = { channel: v.a, version: v.b };
              return { ...row, value: await unsealValue(key, valueContext(project_id, head, row), v.sealed) };
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
