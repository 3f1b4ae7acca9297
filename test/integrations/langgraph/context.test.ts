import { Annotation, StateGraph } from '@langchain/langgraph';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActionContext } from '../../../contracts/action.ts';
import { LetsPingCheckpointer, pause } from '../../../integrations/langgraph/index.ts';
import { stepStores } from '../../../storage/step-stores.ts';
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
  return (await stepStores(pool, ground.keyring).screen.request({ project_id, request_id }))?.context;
}

test('a node says what the state of the graph knows', async () => {
  expect(await contextOf({})).toEqual({ untrusted: true, thread_id: 't', node: 'send' });
});

test('who runs the graph says it for every node; the worse label counts, and what both name as known', async () => {
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

test('a context that is none stops the node, and nothing opens', async () => {
  await expect(contextOf({ letsping_context: { untrusted: 'no' } })).rejects.toThrow(
    /configurable\.letsping_context\/untrusted/,
  );
});
