import type { CheckpointFilter, CheckpointHead } from '../../contracts/thread.ts';
import type { Transaction } from '../db/transaction.ts';
import { valuesList } from '../db/values-list.ts';

/** The key, and the lease if any, under which rows are written. */
export interface WriteGuard {
  wrapped_key: Buffer;
  /** Absent: the run holds no lease, and the fence is not checked. */
  fence?: string | undefined;
}

export interface SealedValue {
  channel: string;
  version: string;
  sealed: Buffer;
}

export interface SealedWrite {
  task_id: string;
  idx: number;
  task_path: string;
  channel: string;
  sealed: Buffer;
}

/**
 * Locks the thread's row ($1 project, $2 thread, $3 key, $4 fence) if the key and the fence are still current. PostgreSQL checks
 * the condition again after a wait for the lock, so a process that takes the lease or deletes the thread meanwhile wins.
 */
const guard = ({ fence }: WriteGuard) => `thread as (
  select fence from threads where project_id = $1 and thread_id = $2 and wrapped_key = $3 and ($4::bigint is null or fence = $4::bigint)
  for ${fence === undefined ? 'key share' : 'share'})`;

/** Rows per statement: a statement has at most 65,535 parameters. */
const CHUNK = 2_000;

function* chunks<T>(rows: T[]): Generator<T[]> {
  for (let at = 0; at === 0 || at < rows.length; at += CHUNK) yield rows.slice(at, at + CHUNK);
}

const insertValues = (
  list: string,
  source: string,
) => `insert into checkpoint_values (project_id, thread_id, checkpoint_ns, channel, version, sealed)
  select $1, $2, $5, x.* from (values ${list}) x, ${source} on conflict do nothing`;
const VALUE_TYPES = ['text', 'text', 'bytea'];
const valueCells = ({ channel, version, sealed }: SealedValue) => [channel, version, sealed];

/**
 * Writes a checkpoint and its new values. With a fence, its parent must also be the newest checkpoint. Returns false if the
 * lease was lost or the thread has moved on: the transaction must not commit then.
 */
export async function insertCheckpoint(
  tx: Transaction,
  under: WriteGuard,
  head: CheckpointHead,
  sealed: Buffer,
  values: SealedValue[],
): Promise<boolean> {
  const parts = [...chunks(values)];
  const last = parts.pop() ?? [];
  const guarded = [tx.project_id, head.thread_id, under.wrapped_key, under.fence ?? null, head.checkpoint_ns];
  for (const part of parts) {
    const parameters: unknown[] = [...guarded];
    await tx.query(
      `with ${guard(under)} ${insertValues(valuesList(parameters, part.map(valueCells), VALUE_TYPES), 'thread')}`,
      parameters,
    );
  }
  const parameters: unknown[] = [
    ...guarded,
    head.checkpoint_id,
    head.parent_id,
    head.v,
    head.source,
    head.step,
    head.channel_versions,
    sealed,
  ];
  const list = valuesList(parameters, last.map(valueCells), VALUE_TYPES);
  const written = await tx.query(
    `with ${guard(under)}, allowed as (
       select fence from thread where $4::bigint is null or not exists (
         select 1 from checkpoints where project_id = $1 and thread_id = $2 and checkpoint_ns = $5
           and checkpoint_id > coalesce($7, '') and checkpoint_id <> $6))
     ${list && `, v as (${insertValues(list, 'allowed')})`}
     insert into checkpoints (project_id, thread_id, checkpoint_ns, checkpoint_id, parent_id, v, source, step, channel_versions, sealed, seen_fence)
     select $1, $2, $5, $6, $7, $8::int, $9, $10::int, $11::json, $12::bytea, case when $4::bigint is null then fence end from allowed
     on conflict (project_id, thread_id, checkpoint_ns, checkpoint_id) do update set
       parent_id = excluded.parent_id, v = excluded.v, source = excluded.source, step = excluded.step,
       channel_versions = excluded.channel_versions, sealed = excluded.sealed, seen_fence = excluded.seen_fence
     returning 1`,
    parameters,
  );
  return written.length > 0;
}

/**
 * Stores the writes of a task. A special write (negative idx) replaces the stored one; a regular write keeps it. False
 * if refused.
 */
export async function insertWrites(
  tx: Transaction,
  under: WriteGuard,
  { thread_id, checkpoint_ns, checkpoint_id }: Pick<CheckpointHead, 'thread_id' | 'checkpoint_ns' | 'checkpoint_id'>,
  writes: SealedWrite[],
): Promise<boolean> {
  for (const rows of chunks(writes)) {
    const parameters: unknown[] = [
      tx.project_id,
      thread_id,
      under.wrapped_key,
      under.fence ?? null,
      checkpoint_ns,
      checkpoint_id,
    ];
    const list = valuesList(
      parameters,
      rows.map((row) => [row.task_id, row.idx, row.task_path, row.channel, row.sealed]),
      ['text', 'int', 'text', 'text', 'bytea'],
    );
    const allowed = await tx.query(
      `with ${guard(under)}, written as (
         insert into checkpoint_writes as w (project_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, sealed)
         select $1, $2, $5, $6, x.* from (values ${list}) x, thread
         on conflict (project_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
         do update set task_path = excluded.task_path, channel = excluded.channel, sealed = excluded.sealed where w.idx < 0)
       select 1 from thread`,
      parameters,
    );
    if (allowed.length === 0) return false;
  }
  return true;
}

interface ReadKey {
  thread_id: string;
  checkpoint_ns: string;
  checkpoint_id: string;
  sealed: Buffer;
}
/** One row of a read. The statement below defines `a`, `b`, `n` and `c`. */
export type ReadRow = ReadKey &
  (
    | { kind: 'key' }
    | { kind: 'checkpoint'; a: string | null; b: string; n: number; c: string }
    | { kind: 'value'; a: string; b: string }
    | { kind: 'write' | 'send'; a: string; b: string; n: number; c: string }
  );

/**
 * Reads the checkpoints of `selection` and all that belongs to them. One row per value: the client would have to parse
 * an array.
 */
const read = (selection: string) => `with c as (select * from checkpoints ${selection})
  select 'checkpoint' as kind, thread_id, checkpoint_ns, checkpoint_id, parent_id as a, channel_versions::text as b, v as n,
    json_build_array(source, step)::text as c, sealed from c
  union all
  select 'key', t.thread_id, '', '', null, null, null, null, t.wrapped_key
    from threads t where t.project_id = $1 and t.thread_id in (select thread_id from c)
  union all
  select 'value', c.thread_id, c.checkpoint_ns, c.checkpoint_id, v.channel, v.version, null, null, v.sealed
    from c, json_each_text(c.channel_versions) j
    join lateral (select * from checkpoint_values l where l.project_id = c.project_id and l.thread_id = c.thread_id
      and l.checkpoint_ns = c.checkpoint_ns and l.channel = j.key and l.version = j.value) v on true
  union all
  select 'write', w.thread_id, w.checkpoint_ns, w.checkpoint_id, w.channel, w.task_id, w.idx, w.task_path, w.sealed
    from c join checkpoint_writes w using (project_id, thread_id, checkpoint_ns, checkpoint_id)
  union all
  select 'send', c.thread_id, c.checkpoint_ns, c.checkpoint_id, w.channel, w.task_id, w.idx, w.task_path, w.sealed
    from c join checkpoint_writes w on w.project_id = c.project_id and w.thread_id = c.thread_id and w.checkpoint_ns = c.checkpoint_ns
      and w.checkpoint_id = c.parent_id and w.channel = '__pregel_tasks'
    where c.v < 4`;

/** Reads a page of checkpoints and all that belongs to them, in no particular order. */
export async function readCheckpoints(tx: Transaction, filter: CheckpointFilter): Promise<ReadRow[]> {
  const parameters: unknown[] = [tx.project_id];
  const where = ['project_id = $1'];
  const narrow = (column: string, value: unknown) => {
    if (value !== undefined) where.push(`${column} $${parameters.push(value)}`);
  };
  narrow('thread_id =', filter.thread_id);
  narrow('checkpoint_ns =', filter.checkpoint_ns);
  narrow('checkpoint_id =', filter.checkpoint_id);
  narrow('checkpoint_id <', filter.before_id);
  narrow('source =', filter.source);
  narrow('step =', filter.step);
  if (filter.after) {
    const id = parameters.push(filter.after.checkpoint_id);
    const [thread, ns] = [parameters.push(filter.after.thread_id), parameters.push(filter.after.checkpoint_ns)];
    where.push(
      `(checkpoint_id < $${id} or (checkpoint_id = $${id} and (thread_id, checkpoint_ns) > ($${thread}, $${ns})))`,
    );
  }
  const order = `order by checkpoint_id desc, thread_id, checkpoint_ns limit $${parameters.push(filter.limit)}`;
  return tx.query<ReadRow>(read(`where ${where.join(' and ')} ${order}`), parameters);
}
