// A worker whose firewall activities are broken: BROKEN_SCREEN=throw|hang|<JSON of its result>. Plain JavaScript that uses the build;
// not part of the product.
import { NativeConnection } from '@temporalio/worker';
import { ACTIVITY } from '../../dist/contracts/activities.js';
import { workflowBundle } from '../../dist/workers/bundle.js';
import { createWorker } from '../../dist/workers/create-worker.js';
import { builtActivities } from '../helpers/dist-activities.mjs';

const { env } = process;
const screen =
  {
    throw: async () => {
      throw new Error('a guardrail is broken');
    },
    hang: () => new Promise(() => {}),
  }[env.BROKEN_SCREEN] ?? (async () => JSON.parse(env.BROKEN_SCREEN));
const worker = await createWorker({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: env.LETSPING_TASK_QUEUE,
  workflowBundle: await workflowBundle(),
  activities: {
    ...(await builtActivities(env)),
    [ACTIVITY.admit]: screen,
    [ACTIVITY.screenPatch]: screen,
  },
});
console.log('"worker ready"');
await worker.run();
