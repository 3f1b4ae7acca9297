import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { Annotation, DeltaChannel, StateGraph } from '@langchain/langgraph';
import {
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointTuple,
  emptyCheckpoint,
  uuid6,
} from '@langchain/langgraph-checkpoint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LetsPingCheckpointer } from '../../../integrations/langgraph/index.ts';
import { createThreadStore } from '../../../storage/threads/thread-store.ts';
import { createGround, type Ground } from './fixtures.ts';

/** Properties that the published suite does not test (ten broken savers of nineteen pass it), and our own guarantees. */
let ground: Ground;
beforeAll(async () => {
  ground = await createGround();
});
afterAll(() => ground.database.drop());

const saver = async () => new LetsPingCheckpointer({ store: (await ground.project()).store });
const METADATA: CheckpointMetadata = { source: 'loop', step: 1, parents: {} };
const version = (n: number) => `${String(n).padStart(12, '0')}.x` as unknown as number;
const at = (thread_id: string, checkpoint_id?: string, checkpoint_ns = '') => ({
  configurable: { thread_id, checkpoint_ns, ...(checkpoint_id && { checkpoint_id }) },
});
const checkpointOf = (channel_values: Record<string, unknown> = {}, n = 1): Checkpoint => ({
  ...emptyCheckpoint(),
  id: uuid6(n),
  channel_values,
  channel_versions: Object.fromEntries(Object.keys(channel_values).map((channel) => [channel, version(n)])),
});
const write = async (s: LetsPingCheckpointer, thread_id: string, values: Record<string, unknown>) => {
  const checkpoint = checkpointOf(values);
  await s.put(at(thread_id), checkpoint, METADATA, checkpoint.channel_versions);
  return checkpoint;
};
const read = async (s: LetsPingCheckpointer, thread_id: string, ns = ''): Promise<CheckpointTuple> => {
  const tuple = await s.getTuple(at(thread_id, undefined, ns));
  if (!tuple) throw new Error('no checkpoint');
  return tuple;
};
const all = async <T>(items: AsyncIterable<T>) => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

describe('writes', () => {
  test('of a regular channel keep the first one; special ones are replaced', async () => {
    const s = await saver();
    const { id } = await write(s, 't', {});
    await s.putWrites(
      at('t', id),
      [
        ['a', 1],
        ['b', 2],
      ],
      'task',
    );
    await s.putWrites(at('t', id), [['a', 9]], 'task');
    await s.putWrites(at('t', id), [['__interrupt__', [{ id: 'i1', value: 1 }]]], 'task');
    await s.putWrites(
      at('t', id),
      [
        ['__interrupt__', [{ id: 'i2', value: 2 }]],
        ['__error__', 'e'],
      ],
      'task',
    );

    expect((await read(s, 't')).pendingWrites).toEqual([
      ['task', '__interrupt__', [{ id: 'i2', value: 2 }]],
      ['task', '__error__', 'e'],
      ['task', 'a', 1],
      ['task', 'b', 2],
    ]);
  });

  test('of one index in one call keep the last one', async () => {
    const s = await saver();
    const { id } = await write(s, 't', {});
    await s.putWrites(
      at('t', id),
      [
        ['__resume__', ['a']],
        ['__resume__', ['a', 'b']],
        ['log', 1],
      ],
      'task',
    );

    expect((await read(s, 't')).pendingWrites).toEqual([
      ['task', '__resume__', ['a', 'b']],
      ['task', 'log', 1],
    ]);
  });

  test('are ordered by task path, task and index, text by code point', async () => {
    const s = await saver();
    const { id } = await write(s, 't', {});
    // U+FF5E comes before U+1F600 by code point, and after it by UTF-16 unit.
    for (const [task, path] of [
      ['t4', '~\u{1F600}'],
      ['t3', '~\uFF5E'],
      ['t1', '~a'],
      ['t2', '~a'],
      ['t0', ''],
    ] as const)
      await s.putWrites(at('t', id), [['c', task]], task, path);

    expect((await read(s, 't')).pendingWrites?.map(([task]) => task)).toEqual(['t0', 't1', 't2', 't3', 't4']);
  });

  test('of one task from many concurrent callers are all stored', async () => {
    const s = await saver();
    const { id } = await write(s, 't', {});
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => s.putWrites(at('t', id), [['c', i]], `task${i % 5}`, `p${i}`)),
    );

    expect((await read(s, 't')).pendingWrites).toHaveLength(5);
  });

  test('by the thousand are stored in one call', async () => {
    const s = await saver();
    const { id } = await write(s, 't', {});
    await s.putWrites(
      at('t', id),
      Array.from({ length: 5_000 }, (_, i) => ['c', i]),
      'task',
    );

    expect((await read(s, 't')).pendingWrites).toHaveLength(5_000);
  });
});

describe('checkpoints', () => {
  test('may be put twice, and the stored value of a version is kept', async () => {
    const s = await saver();
    const checkpoint = await write(s, 't', { a: 'first' });
    await s.put(at('t'), { ...checkpoint, channel_values: { a: 'second' } }, METADATA, checkpoint.channel_versions);

    expect(await all(s.list(at('t')))).toHaveLength(1);
    expect((await read(s, 't')).checkpoint.channel_values).toEqual({ a: 'first' });
  });

  test('are ordered by id, not by time of writing', async () => {
    const s = await saver();
    const older = checkpointOf({}, 1);
    const newer = checkpointOf({}, 2);
    await s.put(at('t'), newer, METADATA, {});
    await s.put(at('t'), older, METADATA, {});

    expect((await read(s, 't')).checkpoint.id).toBe([older.id, newer.id].toSorted().at(-1));
  });

  test('are deleted in every namespace, with values, writes and key', async () => {
    const s = await saver();
    for (const ns of ['', 'child:1', 'child:1|grand:2']) {
      const checkpoint = checkpointOf({ a: 1 });
      await s.put(at('gone', undefined, ns), checkpoint, METADATA, checkpoint.channel_versions);
      await s.putWrites(at('gone', checkpoint.id, ns), [['a', 1]], 'task');
    }
    await write(s, 'kept', { a: 2 });
    await s.deleteThread('gone');
    const left = await Promise.all(
      ['threads', 'checkpoints', 'checkpoint_values', 'checkpoint_writes'].map(async (table) => {
        const results = await ground.database.pool.query(
          `begin; set local app.project_id = '*'; select thread_id from ${table}; commit`,
        );
        return (results as unknown as { rows: { thread_id: string }[] }[])[2]!.rows
          .filter(({ thread_id }) => thread_id === 'gone' || thread_id === 'kept')
          .map((row) => row.thread_id);
      }),
    );

    expect(await s.getTuple(at('gone'))).toBeUndefined();
    expect((await read(s, 'kept')).checkpoint.channel_values).toEqual({ a: 2 });
    expect(left).toEqual([['kept'], ['kept'], ['kept'], []]);
  });

  test('of a deleted thread can be written again, also by a process that has cached the old key', async () => {
    const { project_id, store } = await ground.project();
    const s = new LetsPingCheckpointer({ store });
    const other = new LetsPingCheckpointer({
      store: createThreadStore({ pool: ground.database.pool, keyring: ground.keyring, project_id }),
    });
    await write(s, 't', { a: 1 });
    await read(other, 't');
    await s.deleteThread('t');
    await write(other, 't', { a: 2 });

    expect((await read(s, 't')).checkpoint.channel_values).toEqual({ a: 2 });
  });

  test('of a thread that many processes create at the same time share one key', async () => {
    const { project_id } = await ground.project();
    const savers = Array.from(
      { length: 8 },
      () =>
        new LetsPingCheckpointer({
          store: createThreadStore({ pool: ground.database.pool, keyring: ground.keyring, project_id }),
        }),
    );
    for (let round = 0; round < 25; round++) {
      await Promise.all(
        savers.map((s, i) => {
          const c = checkpointOf({ i }, i);
          return s.put(at(`t${round}`), c, METADATA, c.channel_versions);
        }),
      );

      expect(await all(savers[0]!.list(at(`t${round}`)))).toHaveLength(8);
    }
  });

  test('are listed page by page over all threads, newest first', async () => {
    const s = await saver();
    for (let n = 0; n < 60; n++) {
      const checkpoint = checkpointOf({}, n);
      await s.put(
        at(`t${n % 3}`),
        checkpoint,
        { ...METADATA, step: n, ...(n % 2 === 0 && { even: true }) } as CheckpointMetadata,
        {},
      );
    }
    const ids = (await all(s.list({ configurable: {} }))).map(({ checkpoint }) => checkpoint.id);

    expect(ids).toHaveLength(60);
    expect(ids).toEqual(ids.toSorted().reverse());
    expect(await all(s.list({ configurable: {} }, { filter: { even: true }, limit: 7 }))).toHaveLength(7);
    expect(await all(s.list({ configurable: {} }, { filter: { step: 3 } }))).toHaveLength(1);
  });

  test('have versions that sort as text and never repeat', async () => {
    const s = await saver();
    const versions: string[] = [];
    for (let i = 0; i < 12; i++) versions.push(String(s.getNextVersion(versions.at(-1))));

    expect(versions).toEqual(versions.toSorted());
    expect(s.getNextVersion(versions[0])).not.toEqual(s.getNextVersion(versions[0]));
  });

  test('store nothing that a caller puts into configurable', async () => {
    const s = await saver();
    const checkpoint = checkpointOf({ a: 1 });
    const config = await s.put(
      { configurable: { thread_id: 't', checkpoint_ns: '', secret: 'hunter2' } },
      checkpoint,
      METADATA,
      checkpoint.channel_versions,
    );

    expect(config).toEqual(at('t', checkpoint.id));
    expect((await read(s, 't')).config).toEqual(at('t', checkpoint.id));
  });
});

describe('values', () => {
  test('of every kind that the serializer supports are stored', async () => {
    const s = await saver();
    const values = {
      map: new Map<string, unknown>([['a', new Set([1, 2])]]),
      bytes: new Uint8Array([0, 1, 255]),
      nul: 'a\0b',
      surrogate: '\ud800',
      nested: { nul: ['\0'], lone: '\udfff', emoji: '😀' },
      messages: [
        new HumanMessage('hello'),
        new AIMessage({ content: 'hi', tool_calls: [{ name: 'wire', args: { a: 1 }, id: 'c1' }] }),
      ],
    };
    await write(s, 't', values);
    const channel_values = (await read(s, 't')).checkpoint.channel_values as typeof values;

    expect(channel_values.map).toEqual(values.map);
    expect([...channel_values.bytes]).toEqual([0, 1, 255]);
    expect(channel_values).toMatchObject({ nul: values.nul, surrogate: values.surrogate, nested: values.nested });
    expect(channel_values.messages[1]).toBeInstanceOf(AIMessage);
    expect(channel_values.messages[1]).toMatchObject({
      content: 'hi',
      tool_calls: [{ name: 'wire', args: { a: 1 }, id: 'c1' }],
    });
  });

  test('of 5 MB are stored', async () => {
    const s = await saver();
    const big = Array.from({ length: 5_000 }, (_, i) => `${i}: ${crypto.randomUUID().repeat(28)}`);
    await write(s, 't', { big });

    expect((await read(s, 't')).checkpoint.channel_values['big']).toEqual(big);
  });

  test('NUL is stored in metadata; in a thread id it is refused, like a lone surrogate', async () => {
    const s = await saver();
    const checkpoint = checkpointOf();
    await s.put(at('t'), checkpoint, { ...METADATA, note: 'a\0b' } as CheckpointMetadata, {});

    expect((await read(s, 't')).metadata).toMatchObject({ note: 'a\0b' });
    await expect(s.put(at('a\0b'), checkpoint, METADATA, {})).rejects.toThrow(TypeError);
    await expect(s.put(at('a\ud800'), checkpoint, METADATA, {})).rejects.toThrow(TypeError);
  });
});

describe('a fence', () => {
  const fenced = (thread_id: string, lp_fence: string, checkpoint_id?: string) => ({
    configurable: { thread_id, checkpoint_ns: '', lp_fence, ...(checkpoint_id && { checkpoint_id }) },
  });
  const lease = (s: LetsPingCheckpointer, owner: string, attempt = 1, lease_ms = 10_000) =>
    s.store.acquireLease('t', { owner, attempt, lease_ms });

  test('refuses checkpoint and writes under an older lease, and leaves no value behind', async () => {
    const s = await saver();
    const { id } = await write(s, 't', { a: 1 });
    const old = (await lease(s, 'a', 1, 0))!;
    const now = (await lease(s, 'b'))!;
    const next = checkpointOf({ a: 2 }, 2);

    await expect(s.put(fenced('t', old, id), next, METADATA, next.channel_versions)).rejects.toMatchObject({
      name: 'FenceLost',
    });
    await expect(s.putWrites(fenced('t', old, id), [['a', 1]], 'task')).rejects.toMatchObject({ name: 'FenceLost' });
    await s.put(fenced('t', now, id), { ...next, channel_values: { a: 3 } }, METADATA, next.channel_versions);
    expect((await read(s, 't')).checkpoint.channel_values).toEqual({ a: 3 });
  });

  test('refuses a checkpoint whose parent is not the newest', async () => {
    const s = await saver();
    const { id } = await write(s, 't', {});
    const fence = (await lease(s, 'a'))!;
    const [second, third] = [checkpointOf({}, 2), checkpointOf({}, 3)];
    await s.put(fenced('t', fence, id), second, METADATA, {});

    await expect(s.put(fenced('t', fence, id), third, METADATA, {})).rejects.toMatchObject({ name: 'FenceLost' });
    await s.put(fenced('t', fence, second.id), third, METADATA, {});
  });

  test('is given to one of many owners, at once to a later attempt, never to an earlier one', async () => {
    const s = await saver();
    await write(s, 't', {});
    const fences = await Promise.all(Array.from({ length: 8 }, (_, i) => lease(s, `owner${i}`)));
    expect(fences.filter((fence) => fence !== undefined)).toHaveLength(1);
    const winner = `owner${fences.findIndex((fence) => fence !== undefined)}`;

    expect(await lease(s, winner, 2)).toBe('2');
    expect(await lease(s, winner, 1)).toBeUndefined();
    expect(await s.store.renewLease('t', '1', 1_000)).toBe(false);
    await s.store.releaseLease('t', '2');
    expect(await lease(s, 'anyone')).toBe('3');
  });
});

describe('a graph', () => {
  test('whose DeltaChannel was written in parallel is reloaded with the same value', async () => {
    const s = await saver();
    const State = Annotation.Root({
      log: new DeltaChannel((state: string[], writes: string[][]) => [...state, ...writes.flat()], {
        initialValueFactory: () => [],
      }) as never,
    });
    const node = (name: string, ms: number) => async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { log: [name] };
    };
    const names = ['d', 'b', 'a', 'c'];
    let graph: any = new StateGraph(State);
    for (const [i, name] of names.entries()) graph = graph.addNode(name, node(name, 5 * i)).addEdge('__start__', name);
    const compiled = graph.compile({ checkpointer: s });
    const alive = await compiled.invoke({ log: ['in'] }, { configurable: { thread_id: 't' }, durability: 'sync' });

    expect((await compiled.getState({ configurable: { thread_id: 't' } })).values).toEqual(alive);
  });
});
