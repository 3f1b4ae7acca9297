// A worker whose firewall activity is broken: BROKEN_SCREEN=throw|hang|<JSON of its result>. Plain JavaScript that uses the build;
// not part of the product.
import { NativeConnection } from '@temporalio/worker';
import { ACTIVITY } from '../../dist/contracts/activities.js';
import { workflowBundle } from '../../dist/workers/bundle.js';
import { createWorker } from '../../dist/workers/create-worker.js';
import { builtActivities } from '../helpers/dist-activities.mjs';

const { env } = process;
const broken = {
  throw: async () => {
    throw new Error('a guardrail is broken');
  },
  hang: () => new Promise(() => {}),
};
const worker = await createWorker({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: env.LETSPING_TASK_QUEUE,
  workflowBundle: await workflowBundle(),
  activities: {
    ...(await builtActivities(env)),
    [ACTIVITY.screen]: broken[env.BROKEN_SCREEN] ?? (async () => JSON.parse(env.BROKEN_SCREEN)),
  },
});
console.log('"worker ready"');
await worker.run();
