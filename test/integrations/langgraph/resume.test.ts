import { Annotation, interrupt, StateGraph } from '@langchain/langgraph';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LetsPingCheckpointer, pause } from '../../../integrations/langgraph/index.ts';
import { Approvals } from './approvals.ts';
import { createGround, type Ground } from './fixtures.ts';
import { createRunning, type Running } from './temporal.ts';

let ground: Ground;
let running: Running;
beforeAll(async () => {
  ground = await createGround();
  running = await createRunning();
});
afterAll(async () => {
  await running.stop();
  await ground.database.drop();
});

const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
const builder = () => new StateGraph(State);
type Compile = (lp: Approvals) => { compile(options: { checkpointer: LetsPingCheckpointer }): unknown };

/** A project, and a graph that a worker of this process resumes. The graph's name is unique, because all tests share a queue. */
async function setUp(build: Compile) {
  const { project_id, store } = await ground.project();
  const lp = new Approvals(ground.database.pool, ground.keyring, project_id);
  const name = project_id;
  const checkpointer = new LetsPingCheckpointer({ store, lp, graph: name, service: 'billing' });
  const graph = build(lp).compile({ checkpointer }) as any;
  const thread_id = crypto.randomUUID();
  const config = { configurable: { thread_id } };
  const requestOf = (action: string) => lp.opened.find((opened) => opened.action === action)!.id;
  const decide = async (
    action: string,
    status: 'approved' | 'rejected',
    more: { patch?: Record<string, unknown>; reason?: string } = {},
  ) => {
    const id = requestOf(action);
    await lp.decide(id, { status, ...more });
    return running.answered(lp, ground, thread_id, [id]);
  };
  const log = async () => ((await graph.getState(config)).values as { log: string[] }).log;
  return { graphs: { [name]: graph }, graph, lp, store, thread_id, config, decide, log, requestOf, checkpointer };
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `work` together with a resume worker for the graphs. */
async function withWorker<T>(graphs: Parameters<Running['resume']>[0], work: () => Promise<T>): Promise<T> {
  const worker = running.resume(graphs);
  try {
    return await work();
  } finally {
    worker.shutdown();
    await worker.done;
  }
}

describe('an answered thread', () => {
  test('continues with the decision of a pause: approved, patched, rejected', async () => {
    const t = await setUp((lp) =>
      builder()
        .addNode('refund', async (_, config) => {
          const d = await pause(lp, { service: 's', action: 'refund', payload: { amount: 10 } }, config);
          return { log: [`${d.status}:${JSON.stringify(d.patched_payload ?? d.payload)}`] };
        })
        .addNode('wire', async (_, config) => {
          const d = await pause(lp, { service: 's', action: 'wire', payload: { amount: 1e6 } }, config);
          return { log: [`${d.status}:${d.metadata.reason}`] };
        })
        .addEdge('__start__', 'refund')
        .addEdge('refund', 'wire'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      const first = await t.decide('refund', 'approved', { patch: { amount: 4 } });
      expect(first).toMatchObject({ resumed: [expect.any(String)], next: [expect.any(String)], failed: [] });
      const second = await t.decide('wire', 'rejected', { reason: 'too much' });
      expect(second).toMatchObject({ next: [], failed: [] });
    });

    expect(await t.log()).toEqual(['APPROVED_WITH_MODIFICATIONS:{"amount":4}', 'REJECTED:too much']);
  });

  test('gives the stock middleware its decisions when the last of the batch is closed', async () => {
    const actionRequests = ['refund', 'wire', 'drop'].map((name, amount) => ({ name, args: { amount } }));
    const t = await setUp(() =>
      builder()
        .addNode('tools', () => ({ log: [JSON.stringify(interrupt({ actionRequests, reviewConfigs: [] }))] }))
        .addEdge('__start__', 'tools'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      await t.lp.decide(t.requestOf('refund'), { status: 'approved' });
      expect(await t.lp.deliver(running.client, t.requestOf('refund'), running.queues)).toBe(false);
      await t.lp.decide(t.requestOf('wire'), { status: 'approved', patch: { amount: 0 } });
      await t.decide('drop', 'rejected', { reason: 'never' });
    });

    expect(JSON.parse((await t.log())[0]!)).toEqual({
      decisions: [
        { type: 'approve' },
        { type: 'edit', editedAction: { name: 'wire', args: { amount: 0 } } },
        { type: 'reject', message: 'never' },
      ],
    });
  });

  test('does not change when an answer is delivered again', async () => {
    const t = await setUp(() =>
      builder()
        .addNode('one', () => ({ log: [`one:${(interrupt({ q: 1 }) as { status: string }).status}`] }))
        .addNode('two', () => ({ log: [`two:${(interrupt({ q: 2 }) as { status: string }).status}`] }))
        .addEdge('__start__', 'one')
        .addEdge('one', 'two'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      await t.decide('one', 'approved');
      expect(await running.answered(t.lp, ground, t.thread_id, [t.requestOf('one')])).toMatchObject({
        resumed: [],
        failed: [],
      });
    });

    expect(await t.log()).toEqual(['one:APPROVED']);
    expect((await t.graph.getState(t.config)).tasks[0].interrupts[0].value).toEqual({ q: 2 });
  });

  test('raises the next interrupt although a tool failed in between: the first approval never answers it', async () => {
    let bank = 0;
    const t = await setUp((lp) =>
      builder()
        .addNode('pay', async (_, config) => {
          const refund = await pause(lp, { service: 's', action: 'refund', payload: { amount: 10 } }, config);
          if (++bank < 3) throw new Error('503 from the bank: card 4111');
          const wire = await pause(lp, { service: 's', action: 'wire', payload: { amount: 1e6 } }, config);
          return { log: [`refund:${refund.status}`, `wire:${wire.status}`] };
        })
        .addEdge('__start__', 'pay'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      const { next } = await t.decide('refund', 'approved');
      expect(next).toHaveLength(1);
      expect(await t.log()).toEqual([]);
      expect(t.lp.opened.map(({ action }) => action)).toEqual(['refund', 'wire']);
      await t.decide('wire', 'rejected');
    });

    expect(await t.log()).toEqual(['refund:APPROVED', 'wire:REJECTED']);
  });

  test('the same with plain interrupts', async () => {
    let bank = 0;
    const t = await setUp(() =>
      builder()
        .addNode('pay', () => {
          const refund = interrupt({ q: 'refund' }) as { status: string };
          if (++bank < 2) throw new Error('503');
          const wire = interrupt({ q: 'wire' }) as { status: string };
          return { log: [refund.status, wire.status] };
        })
        .addEdge('__start__', 'pay'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      await t.decide('pay', 'approved');
      expect(await t.log()).toEqual([]);
      const second = t.lp.opened.at(-1)!;
      expect(second.payload).toEqual({ q: 'wire' });
      await t.lp.decide(second.id, { status: 'rejected' });
      await running.answered(t.lp, ground, t.thread_id, [second.id]);
    });

    expect(await t.log()).toEqual(['APPROVED', 'REJECTED']);
  });

  test('with two parallel interrupts gets their answers minutes apart, and joins', async () => {
    const effects = { x: 0, y: 0 };
    const branch = (name: 'x' | 'y') => (lp: Approvals) => async (_: unknown, config: object) => {
      const d = await pause(lp, { service: 's', action: name, payload: { name } }, config);
      effects[name] += 1;
      return { log: [`${name}:${d.status}`] };
    };
    const t = await setUp((lp) =>
      builder()
        .addNode('x', branch('x')(lp))
        .addNode('y', branch('y')(lp))
        .addNode('join', () => ({ log: ['join'] }))
        .addEdge('__start__', 'x')
        .addEdge('__start__', 'y')
        .addEdge(['x', 'y'], 'join'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      await t.decide('y', 'approved');
      expect(effects).toEqual({ x: 0, y: 1 });
      await t.decide('x', 'rejected');
    });

    expect(effects).toEqual({ x: 1, y: 1 });
    expect(await t.log()).toEqual(['x:REJECTED', 'y:APPROVED', 'join']);
  });

  test('waits for a sibling that is still running in the process that started it, also in a later turn', async () => {
    let ran = 0;
    const t = await setUp(() =>
      builder()
        .addNode('x', () => ({ log: [(interrupt({ q: 'x' }) as { status: string }).status] }))
        .addNode('y', async () => {
          await sleep(2_500);
          ran += 1;
          return { log: ['y'] };
        })
        .addEdge('__start__', 'x')
        .addEdge('__start__', 'y'),
    );
    await withWorker(t.graphs, async () => {
      for (const turn of [1, 2]) {
        const run = t.graph.invoke({ log: [`turn ${turn}`] }, t.config);
        await expect.poll(() => t.lp.opened.length, { timeout: 5_000 }).toBe(turn);
        await sleep(200); // the interrupt is linked after its request was opened
        const { id } = t.lp.opened.at(-1)!;
        await t.lp.decide(id, { status: 'approved' });
        await running.answered(t.lp, ground, t.thread_id, [id]);
        await run;
      }
    });

    expect(ran).toBe(2);
    expect(await t.log()).toEqual(['turn 1', 'APPROVED', 'y', 'turn 2', 'APPROVED', 'y']);
  });

  test('is not continued from an old checkpoint while the newest is still being written', async () => {
    let ones = 0;
    const t = await setUp(() =>
      builder()
        .addNode('one', () => {
          ones += 1;
          return { log: ['one'] };
        })
        .addNode('two', () => ({ log: [(interrupt({ q: 'two' }) as { status: string }).status] }))
        .addEdge('__start__', 'one')
        .addEdge('one', 'two'),
    );
    const put = t.store.putCheckpoint;
    let late = true;
    t.store.putCheckpoint = async (head, ...rest) => {
      // The checkpoint after `one`: under LangGraph's default durability, `two` runs meanwhile.
      if (head.step === 1 && late) {
        late = false;
        await sleep(3_000);
      }
      return put(head, ...rest);
    };
    const first = t.graph.invoke({ log: [] }, t.config);
    await expect.poll(() => t.lp.opened.length, { timeout: 5_000 }).toBe(1);
    await withWorker(t.graphs, async () => {
      await sleep(200);
      await t.decide('two', 'approved');
      await first;
    });

    expect(ones).toBe(1);
    expect(t.lp.opened).toHaveLength(1);
    expect(await t.log()).toEqual(['one', 'APPROVED']);
  });

  test('that is unknown ends its workflow with a result, not with a failure', async () => {
    const t = await setUp(() =>
      builder()
        .addNode('ask', () => ({ log: [String(interrupt({ q: 1 }))] }))
        .addEdge('__start__', 'ask'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await t.lp.decide(t.requestOf('ask'), { status: 'approved' });
    await ground.database.pool.query(
      `begin; set local app.project_id = '${t.lp.project_id}'; delete from threads; commit`,
    );
    await withWorker(t.graphs, async () => {
      expect(await running.answered(t.lp, ground, t.thread_id, [t.requestOf('ask')])).toMatchObject({
        resumed: [],
        failed: [{ cause: 'unknown_thread' }],
      });
    });
  });
});

describe('a workflow that is cancelled', () => {
  test('stops the graph within seconds, and leaves a thread that a later delivery continues', async () => {
    const reached: string[] = [];
    const t = await setUp(() =>
      builder()
        .addNode('slow', async (_, config) => {
          const { status } = interrupt({ q: 'slow' }) as { status: string };
          reached.push('answered');
          if (reached.length === 1) {
            await new Promise((_resolve, reject) =>
              config.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
            );
          }
          return { log: [status] };
        })
        .addEdge('__start__', 'slow'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, async () => {
      await t.lp.decide(t.requestOf('slow'), { status: 'approved' });
      const result = running
        .answered(t.lp, ground, t.thread_id, [t.requestOf('slow')])
        .catch((error: unknown) => error);
      await expect.poll(() => reached.length, { timeout: 10_000 }).toBe(1);
      const sealer = await ground.keyring.sealer(t.lp.project_id);
      const started = Date.now();
      await running.client.workflow
        .getHandle(`resume/${t.lp.project_id}/${sealer.pseudonym('thread', t.thread_id)}`)
        .cancel();
      expect(await result).toMatchObject({ name: 'WorkflowFailedError' });
      expect(Date.now() - started).toBeLessThan(5_000);
      expect(await running.answered(t.lp, ground, t.thread_id, [t.requestOf('slow')])).toMatchObject({
        resumed: [expect.any(String)],
        failed: [],
      });
    });

    expect(await t.log()).toEqual(['APPROVED']);
  });
});

describe('a lease that another process takes during the run', () => {
  test('ends that run: its later writes are refused, and the thread is continued once from its stored state', async () => {
    const seen: unknown[] = [];
    const t = await setUp(() =>
      builder()
        .addNode('slow', async (_, config) => {
          const { status } = interrupt({ q: 'slow' }) as { status: string };
          seen.push(config.configurable?.['lp_fence']);
          if (seen.length === 1) {
            await ground.database.pool.query(
              `begin; set local app.project_id = '*'; update threads set fence = fence + 1 where thread_id = '${t.thread_id}'; commit`,
            );
          }
          return { log: [`${status}:${seen.length}`] };
        })
        .addEdge('__start__', 'slow'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    await withWorker(t.graphs, () => t.decide('slow', 'approved'));

    expect(seen).toEqual(['1', '3']);
    expect(await t.log()).toEqual(['APPROVED:2']);
  });
});

describe('two concurrent deliveries to one thread', () => {
  const effect = async (name: string, effects: string[]) => {
    const { status } = interrupt({ q: name }) as { status: string };
    await sleep(1_000);
    effects.push(name);
    return { log: [`${name}:${status}`] };
  };
  const parallel = (effects: string[]) =>
    builder()
      .addNode('x', () => effect('x', effects))
      .addNode('y', () => effect('y', effects))
      .addNode('join', () => ({ log: ['join'] }))
      .addEdge('__start__', 'x')
      .addEdge('__start__', 'y')
      .addEdge(['x', 'y'], 'join');

  const deliverApart = (t: Awaited<ReturnType<typeof setUp>>, interrupt_ids: string[]) =>
    running.apart(t.lp, ground, t.thread_id, t.lp.project_id, interrupt_ids);
  const interruptsOf = async (t: Awaited<ReturnType<typeof setUp>>) =>
    ((await t.graph.getState(t.config)).tasks as { interrupts: { id: string }[] }[]).flatMap(({ interrupts }) =>
      interrupts.map(({ id }) => id),
    );

  test('with one answer each: both finish, and each effect happens once', async () => {
    const effects: string[] = [];
    const t = await setUp(() => parallel(effects));
    await t.graph.invoke({ log: [] }, t.config);
    const ids = await interruptsOf(t);
    for (const { id } of t.lp.opened) await t.lp.decide(id, { status: 'approved' });
    const results = await withWorker(t.graphs, () => deliverApart(t, ids));

    expect(results.flatMap(({ resumed }) => resumed).toSorted()).toEqual(ids.toSorted());
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    expect(effects.toSorted()).toEqual(['x', 'y']);
    expect(await t.log()).toEqual(['x:APPROVED', 'y:APPROVED', 'join']);
  });

  test('with the same answer: one resumes the thread, the other finds it resumed', async () => {
    const effects: string[] = [];
    const t = await setUp(() =>
      builder()
        .addNode('x', () => effect('x', effects))
        .addEdge('__start__', 'x'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    const [id] = await interruptsOf(t);
    await t.lp.decide(t.requestOf('x'), { status: 'approved' });
    const results = await withWorker(t.graphs, () => deliverApart(t, [id!, id!]));

    expect(results.map(({ resumed }) => resumed.length).toSorted()).toEqual([0, 1]);
    expect(effects).toEqual(['x']);
  });
});

describe('the history', () => {
  test('contains nothing readable, also when a node fails', async () => {
    let failed = false;
    const heard: unknown[] = [];
    const t = await setUp(() =>
      builder()
        .addNode('CANARYNODE', () => {
          const { status } = interrupt({ secret: 'CANARYVALUE' }) as { status: string };
          if (!failed) {
            failed = true;
            throw new Error('CANARYERROR');
          }
          return { log: [status] };
        })
        .addEdge('__start__', 'CANARYNODE'),
    );
    await t.graph.invoke({ log: [] }, t.config);
    const worker = running.resume(t.graphs, { onError: (error) => heard.push(error) });
    await t.decide('CANARYNODE', 'approved');
    worker.shutdown();
    await worker.done;
    const sealer = await ground.keyring.sealer(t.lp.project_id);
    const handle = running.client.workflow.getHandle(
      `resume/${t.lp.project_id}/${sealer.pseudonym('thread', t.thread_id)}`,
    );

    expect(JSON.stringify(await handle.fetchHistory())).not.toMatch(/CANARY/);
    expect(heard).toEqual([expect.objectContaining({ message: 'CANARYERROR' })]);
    expect(await t.log()).toEqual(['APPROVED']);
  });
});
