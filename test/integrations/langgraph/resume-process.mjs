// A team's process, from the build only: `start` runs a graph up to its interrupt, `resume` is its resume worker.
import { appendFileSync } from 'node:fs';
import { Annotation, interrupt, StateGraph } from '@langchain/langgraph';
import { NativeConnection } from '@temporalio/worker';
import { createKeyring } from '../../../dist/crypto/keyring.js';
import { parseRootKey } from '../../../dist/crypto/root-key.js';
import { LetsPingCheckpointer, resumeWorker } from '../../../dist/integrations/langgraph/index.js';
import { createPool } from '../../../dist/storage/db/pool.js';
import { storedKeys } from '../../../dist/storage/keys/stored-keys.js';
import { createThreadStore } from '../../../dist/storage/threads/thread-store.js';

const { mode, database_url, root_key, project_id, thread_id, address, namespace, queue, file, hang } = JSON.parse(
  process.argv[2],
);
const pool = createPool(database_url);
const keyring = createKeyring(parseRootKey(root_key), storedKeys(pool));
const store = createThreadStore({ pool, keyring, project_id });
const say = (line) => appendFileSync(file, `${line}\n`);

const State = Annotation.Root({ log: Annotation({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** A node that interrupts, waits and then has an effect. */
const asking = (name) => async () => {
  const { status } = interrupt({ q: name });
  say(`${name} answered`);
  await sleep(hang === name ? 60_000 : 700);
  say(`${name} effect`);
  return { log: [status] };
};
const graph = new StateGraph(State)
  .addNode('x', asking('x'))
  .addNode('y', asking('y'))
  .addNode('join', async () => {
    say('join');
    if (hang === 'join') await sleep(60_000);
    say('end');
    return { log: ['join'] };
  })
  .addEdge('__start__', 'x')
  .addEdge('__start__', 'y')
  .addEdge(['x', 'y'], 'join')
  .compile({ checkpointer: new LetsPingCheckpointer({ store, graph: 'pair' }) });

if (mode === 'start') {
  const out = await graph.invoke({ log: [] }, { configurable: { thread_id } });
  process.stdout.write(JSON.stringify(out.__interrupt__.map(({ id }) => id)));
  await pool.end();
} else {
  const connection = await NativeConnection.connect({ address });
  await resumeWorker({ graphs: { pair: graph }, connection, namespace, taskQueue: queue }).run();
}
