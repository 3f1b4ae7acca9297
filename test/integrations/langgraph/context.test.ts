import { Annotation, interrupt, StateGraph } from '@langchain/langgraph';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionContext } from '../../../contracts/action.ts';
import { LetsPingCheckpointer, pause } from '../../../integrations/langgraph/index.ts';
import { activityStores } from '../../../storage/activity-stores.ts';
import { Approvals } from './approvals.ts';
import { createGround, type Ground } from './fixtures.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await createGround();
});
afterAll(() => ground.database.drop());

const State = Annotation.Root({ untrusted: Annotation<boolean> });

/** Runs a node that pauses once, and returns the context of the request that it opened. */
async function contextOf(configurable: object, context?: ActionContext) {
  const { project_id, store } = await ground.project();
  const { pool } = ground.database;
  const lp = new Approvals(pool, ground.keyring, project_id);
  lp.verdict = () => 'allow';
  const graph = new StateGraph(State)
    .addNode('send', async (state, config) => {
      const said = context ?? { untrusted: state.untrusted };
      await pause(lp, { service: 's', action: 'send', payload: {}, context: said }, config);
      return {};
    })
    .addEdge('__start__', 'send')
    .compile({ checkpointer: new LetsPingCheckpointer({ store, graph: 'g' }) });
  await graph.invoke({ untrusted: true }, { configurable: { thread_id: 't', ...configurable } });
  const request_id = lp.opened[0]?.id ?? '';
  return (await activityStores(pool, ground.keyring).screen.request({ project_id, request_id }))?.context;
}

test('a node passes a context from the state of the graph', async () => {
  expect(await contextOf({})).toEqual({ untrusted: true, thread_id: 't', node: 'send' });
});

test('the host program gives the context for every node; the worse label counts, and only what both name as known', async () => {
  const letsping_context = { untrusted: true, allowed_domains: ['b.example'], known_recipients: ['ana'] };
  const own = { untrusted: false, allowed_domains: ['a.example', 'b.example'], thread_id: 'other', node: 'other' };
  expect(await contextOf({ letsping_context }, own)).toEqual({
    untrusted: true,
    allowed_domains: ['b.example'],
    known_recipients: ['ana'],
    thread_id: 't',
    node: 'send',
  });
});

test('an invalid context stops the node, and no request is opened', async () => {
  await expect(contextOf({ letsping_context: { untrusted: 'no' } })).rejects.toThrow(
    /configurable\.letsping_context\/untrusted/,
  );
});

/** Runs a node that interrupts with a value, and returns the contexts of the requests that the checkpointer opened. */
async function contextsOfInterrupt(value: unknown, configurable: object) {
  const { project_id, store } = await ground.project();
  const { pool } = ground.database;
  const lp = new Approvals(pool, ground.keyring, project_id);
  const graph = new StateGraph(State)
    .addNode('ask', () => interrupt(value) as { untrusted: boolean })
    .addEdge('__start__', 'ask')
    .compile({ checkpointer: new LetsPingCheckpointer({ store, lp, graph: 'g' }) });
  await graph.invoke({ untrusted: false }, { configurable: { thread_id: 't', ...configurable } });
  const { screen } = await activityStores(pool, ground.keyring);
  return Promise.all(lp.opened.map(async ({ id }) => (await screen.request({ project_id, request_id: id }))?.context));
}

describe('a plain interrupt', () => {
  const letsping_context = {
    untrusted: true,
    allowed_domains: ['ours.example'],
    task: 'Send the report',
    node: 'other',
  };
  test('is screened with the context of the host program', async () => {
    const context = { ...letsping_context, thread_id: 't', node: 'ask' };
    expect(await contextsOfInterrupt({ to: 'lea@ours.example' }, { letsping_context })).toEqual([context]);
    const actionRequests = ['a', 'b'].map((name) => ({ name, args: {} }));
    expect(await contextsOfInterrupt({ actionRequests }, { letsping_context })).toEqual([context, context]);
    expect(await contextsOfInterrupt({}, {})).toEqual([{ thread_id: 't', node: 'ask' }]);
  });

  test('cannot name anything as known, because a model may have written its value', async () => {
    const pass = { untrusted: false, allowed_domains: ['theirs.example'] };
    const value = {
      context: pass,
      letsping_context: pass,
      actionRequests: [{ name: 'send', args: pass, context: pass }],
    };
    expect(await contextsOfInterrupt(value, {})).toEqual([{ thread_id: 't', node: 'ask' }]);
  });

  test('with an invalid context stops the run, and no request is opened', async () => {
    await expect(contextsOfInterrupt({}, { letsping_context: { untrusted: 'no' } })).rejects.toThrow(
      /configurable\.letsping_context\/untrusted/,
    );
  });
});
