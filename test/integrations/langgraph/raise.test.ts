import { Annotation, Command, interrupt, isGraphInterrupt, StateGraph } from '@langchain/langgraph';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LetsPing } from '../../../client/index.ts';
import type { ThreadStore } from '../../../domain/thread/ports.ts';
import { type ApprovalClient, LetsPingCheckpointer, pause } from '../../../integrations/langgraph/index.ts';
import { Approvals } from './approvals.ts';
import { createGround, type Ground } from './fixtures.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await createGround();
});
afterAll(() => ground.database.drop());

const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
const thread = (thread_id = crypto.randomUUID()) => ({ configurable: { thread_id } });

async function setUp() {
  const { project_id, store } = await ground.project();
  const lp = new Approvals(ground.database.pool, ground.keyring, project_id);
  return {
    project_id,
    store,
    lp,
    checkpointer: new LetsPingCheckpointer({ store, lp, graph: 'payments', service: 'billing' }),
  };
}
const links = async (store: ThreadStore, thread_id: string, ids: string[]) => store.linkedInterrupts(thread_id, ids);
const idOf = (out: unknown) => (out as { __interrupt__?: { id: string }[] }).__interrupt__?.map(({ id }) => id) ?? [];

test('the client implements what the checkpointer needs', () => {
  const lp: ApprovalClient = new LetsPing('lp_test_x', { baseUrl: 'http://127.0.0.1:1' });
  expect(lp).toBeInstanceOf(LetsPing);
});

describe('a plain interrupt', () => {
  test('opens one request for its node, linked to the thread', async () => {
    const { lp, store, checkpointer } = await setUp();
    const graph = new StateGraph(State)
      .addNode('wire', () => ({ log: [String(interrupt({ amount: 10 }))] }))
      .addEdge('__start__', 'wire')
      .compile({ checkpointer });
    const config = thread();
    const ids = idOf(await graph.invoke({ log: [] }, config));

    expect(lp.opened).toEqual([
      { id: expect.any(String), service: 'billing', action: 'wire', payload: { amount: 10 } },
    ]);
    expect(await links(store, config.configurable.thread_id, ids)).toEqual(ids);
  });

  test('of a subgraph, stored under both namespaces, opens one request for the inner node', async () => {
    const { lp, checkpointer } = await setUp();
    const inner = new StateGraph(State)
      .addNode('ask', () => ({ log: [String(interrupt('really?'))] }))
      .addEdge('__start__', 'ask')
      .compile();
    const graph = new StateGraph(State).addNode('outer', inner).addEdge('__start__', 'outer').compile({ checkpointer });
    await graph.invoke({ log: [] }, thread());

    expect(lp.opened.map(({ action, payload }) => ({ action, payload }))).toEqual([
      { action: 'ask', payload: { value: 'really?' } },
    ]);
  });

  test('that was not answered opens no further request when its sibling is resumed', async () => {
    const { lp, checkpointer } = await setUp();
    const graph = new StateGraph(State)
      .addNode('x', () => ({ log: [`x:${(interrupt({ q: 'x' }) as { status: string }).status}`] }))
      .addNode('y', () => ({ log: [`y:${(interrupt({ q: 'y' }) as { status: string }).status}`] }))
      .addEdge('__start__', 'x')
      .addEdge('__start__', 'y')
      .compile({ checkpointer });
    const config = thread();
    const [x, y] = idOf(await graph.invoke({ log: [] }, config));
    await graph.invoke(new Command({ resume: { [x!]: { status: 'APPROVED' } } }), config);
    expect(lp.opened).toHaveLength(2);
    const out = await graph.invoke(new Command({ resume: { [y!]: { status: 'REJECTED' } } }), config);

    expect(lp.opened).toHaveLength(2);
    expect(out.log).toEqual(['x:APPROVED', 'y:REJECTED']);
  });

  test('whose value looks like one of a pause does not get an approved request', async () => {
    const { lp, checkpointer } = await setUp();
    const approved = await lp.open({ service: 'billing', action: 'refund', payload: {} });
    const graph = new StateGraph(State)
      .addNode('wire', () => ({ log: [String(interrupt({ letsping_request_id: approved.id, amount: 1e6 }))] }))
      .addEdge('__start__', 'wire')
      .compile({ checkpointer });
    await graph.invoke({ log: [] }, thread());

    expect(lp.opened.map(({ action }) => action)).toEqual(['refund', 'wire']);
  });

  test('that the policy allows at once gets its delivery when it is linked', async () => {
    const { lp, checkpointer } = await setUp();
    lp.verdict = () => 'allow';
    const graph = new StateGraph(State)
      .addNode('wire', () => ({ log: [String(interrupt({ a: 1 }))] }))
      .addEdge('__start__', 'wire')
      .compile({ checkpointer });
    await graph.invoke({ log: [] }, thread());

    expect(await lp.deliveries()).toEqual([{ id: expect.any(String), request_id: lp.opened[0]!.id }]);
  });

  test('that is decided between opening and linking gets exactly one delivery', async () => {
    const { lp, checkpointer } = await setUp();
    const settled: string[][] = [];
    lp.afterOpen = async (id) => settled.push(await lp.decide(id, { status: 'approved' }));
    const graph = new StateGraph(State)
      .addNode('wire', () => ({ log: [String(interrupt({ a: 1 }))] }))
      .addEdge('__start__', 'wire')
      .compile({ checkpointer });
    await graph.invoke({ log: [] }, thread());

    expect(settled).toEqual([[]]);
    expect(await lp.deliveries()).toHaveLength(1);
  });

  test.each([0, 50])(
    'whose request cannot be opened rejects the run, and raises again with the next; %i ms a put',
    async (ms) => {
      const { lp, checkpointer } = await setUp();
      const put = checkpointer.store.putCheckpoint;
      checkpointer.store.putCheckpoint = async (...given) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return put(...given);
      };
      lp.afterOpen = async () => {
        lp.afterOpen = async () => {};
        throw new Error('the server is away');
      };
      const graph = new StateGraph(State)
        .addNode('wire', () => ({ log: [String(interrupt({ a: 1 }))] }))
        .addEdge('__start__', 'wire')
        .compile({ checkpointer });
      const config = thread();
      await expect(graph.invoke({ log: [] }, config)).rejects.toThrow('the server is away');
      expect(await lp.deliveries()).toEqual([]);
      const ids = idOf(await graph.invoke(null, config));

      expect(ids).toHaveLength(1);
      expect(lp.opened).toHaveLength(1);
    },
  );

  test('of the middleware opens a request per tool call, in their order', async () => {
    const { lp, checkpointer } = await setUp();
    const actionRequests = [
      { name: 'refund', args: { amount: 5 }, description: 'a' },
      { name: 'wire', args: { amount: 7 }, description: 'b' },
    ];
    const graph = new StateGraph(State)
      .addNode('tools', () => ({ log: [JSON.stringify(interrupt({ actionRequests, reviewConfigs: [] }))] }))
      .addEdge('__start__', 'tools')
      .compile({ checkpointer });
    await graph.invoke({ log: [] }, thread());

    expect(lp.opened.map(({ action, payload }) => [action, payload])).toEqual([
      ['refund', { amount: 5 }],
      ['wire', { amount: 7 }],
    ]);
  });
});

describe('pause', () => {
  test('returns at once what the policy allows or blocks, and the graph does not stop', async () => {
    const { lp, checkpointer } = await setUp();
    lp.verdict = (action) => (action === 'read' ? 'allow' : 'block');
    const graph = new StateGraph(State)
      .addNode('work', async (_, config) => {
        const read = await pause(lp, { service: 's', action: 'read', payload: { a: 1 } }, config);
        const drop = await pause(lp, { service: 's', action: 'drop', payload: { a: 2 } }, config);
        return { log: [read.status, drop.status] };
      })
      .addEdge('__start__', 'work')
      .compile({ checkpointer });

    expect((await graph.invoke({ log: [] }, thread())).log).toEqual(['APPROVED', 'REJECTED']);
  });

  test('gives each answer to its own pause, with an allowed one between held ones', async () => {
    const { lp, store, checkpointer } = await setUp();
    lp.verdict = (action) => (action === 'read' ? 'allow' : 'hold');
    const graph = new StateGraph(State)
      .addNode('work', async (_, config) => {
        const ask = (action: string) => pause(lp, { service: 's', action, payload: { action } }, config);
        const decisions = await Promise.all([ask('refund'), ask('read'), ask('wire')]);
        return { log: decisions.map((d) => `${d.payload['action']}:${d.status}`) };
      })
      .addEdge('__start__', 'work')
      .compile({ checkpointer });
    const config = thread();
    const answer = async (ids: string[], status: 'approved' | 'rejected', patch?: Record<string, unknown>) => {
      await lp.decide(lp.opened.at(-1)!.id, { status, ...(patch && { patch }) });
      const [found] = await store.interruptAnswers(config.configurable.thread_id, ids);
      return graph.invoke(new Command({ resume: { [ids[0]!]: found!.answers![0] } }), {
        ...config,
        durability: 'sync' as const,
      });
    };
    const first = idOf(await graph.invoke({ log: [] }, config));
    expect(lp.opened.map(({ action }) => action)).toEqual(['refund']);
    const second = idOf(await answer(first, 'approved', { action: 'refund', amount: 2 }));
    expect(lp.opened.map(({ action }) => action)).toEqual(['refund', 'read', 'wire']);
    const out = await answer(second, 'rejected');

    expect(out.log).toEqual(['refund:APPROVED_WITH_MODIFICATIONS', 'read:APPROVED', 'wire:REJECTED']);
    expect(lp.opened).toHaveLength(3);
  });

  test('refuses an answer to another pause, and accepts the right one afterwards', async () => {
    const { lp, store, checkpointer } = await setUp();
    const graph = new StateGraph(State)
      .addNode('wire', async (_, config) => ({
        log: [(await pause(lp, { service: 's', action: 'wire', payload: { amount: 1e6 } }, config)).status],
      }))
      .addEdge('__start__', 'wire')
      .compile({ checkpointer });
    const config = thread();
    const [id] = idOf(await graph.invoke({ log: [] }, config));
    const other = await lp.open({
      service: 's',
      action: 'wire',
      payload: { amount: 1 },
      context: { thread_id: 'other' },
    });
    await lp.decide(other.id, { status: 'approved' });
    await lp.decide(lp.opened[0]!.id, { status: 'approved' });
    const [mine] = await store.interruptAnswers(config.configurable.thread_id, [id!]);
    const right = mine!.answers![0]!;
    const resume = (value: unknown) => graph.invoke(new Command({ resume: { [id!]: value } }), config);

    await expect(resume(await lp.getStatus(other.id))).rejects.toThrow();
    await expect(resume({ ...right, payload: { amount: 2e6 } })).rejects.toThrow();
    expect((await resume(right)).log).toEqual(['APPROVED']);
  });

  test('of a node that is retried by its own policy finds the request of its first attempt', async () => {
    const { lp, checkpointer } = await setUp();
    lp.verdict = () => 'allow';
    let attempts = 0;
    const graph = new StateGraph(State)
      .addNode(
        'work',
        async (_, config) => {
          const decision = await pause(lp, { service: 's', action: 'read', payload: {} }, config);
          if (++attempts < 3) throw new Error('flaky');
          return { log: [decision.status] };
        },
        { retryPolicy: { maxAttempts: 3, initialInterval: 1, jitter: false, logWarning: false } },
      )
      .addEdge('__start__', 'work')
      .compile({ checkpointer });

    expect((await graph.invoke({ log: [] }, thread())).log).toEqual(['APPROVED']);
    expect(lp.opened).toHaveLength(1);
  });

  test('throws outside a node, with what it needs', async () => {
    const { lp } = await setUp();
    await expect(pause(lp, { service: 's', action: 'a', payload: {} }, {})).rejects.toThrow(/must be called in a node/);
    expect(isGraphInterrupt(new Error('x'))).toBe(false);
  });
});
