// A worker whose workflows read payloads with the SDK's own converter, as a release before this one. Plain JavaScript that uses the build;
// not part of the product.
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { builtActivities } from '../helpers/dist-activities.mjs';

const { env } = process;
const logger = new DefaultLogger('ERROR', () => {});
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: env.TEMPORAL_ADDRESS }),
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: env.LETSPING_TASK_QUEUE,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../dist/workflows/index.js', import.meta.url)),
    logger,
  }),
  activities: await builtActivities(env),
});
console.log('"worker ready"');
await worker.run();
