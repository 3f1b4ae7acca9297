/** The floor of the worker's start: a worker of Temporal's SDK with one activity and no workflow. */
import { NativeConnection, Worker } from '@temporalio/worker';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! });
const worker = await Worker.create({
  connection,
  namespace: process.env['TEMPORAL_NAMESPACE']!,
  taskQueue: 'bench-start',
  activities: { hello: async () => 'hello' },
});
const running = worker.run();
console.log('"worker ready"');
await running;
