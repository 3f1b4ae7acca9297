// A worker that dies inside `settle`: SIGKILL before the commit or right after it, at its first call. Plain JavaScript over the
// build, because it has to be a process of its own; nothing of it is in the product.
import { NativeConnection } from '@temporalio/worker';
import { ACTIVITY } from '../../dist/contracts/activities.js';
import { workflowBundle } from '../../dist/workers/bundle.js';
import { createWorker } from '../../dist/workers/create-worker.js';
import { builtActivities } from './dist-activities.mjs';

const { env } = process;
const activities = await builtActivities(env);
const die = () => process.kill(process.pid, 'SIGKILL');

const worker = await createWorker({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: env.LETSPING_TASK_QUEUE,
  workflowBundle: await workflowBundle(),
  activities: {
    ...activities,
    [ACTIVITY.settle]: async (...args) => {
      if (env.CRASH_AT === 'before-commit') die();
      await activities[ACTIVITY.settle](...args);
      die();
    },
  },
});
console.log('"worker ready"');
await worker.run();
