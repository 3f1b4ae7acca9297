/** Continues threads whose requests were decided, independent of the process that started them. */
import { resumeWorker } from 'letsping-temporal/langgraph';
import { officeFromEnvironment } from './environment.ts';
import { POLICY } from './policy.ts';

const { graph, close } = await officeFromEnvironment();
const worker = resumeWorker({
  graphs: { office: graph },
  taskQueue: POLICY.resume_task_queue,
  onError: (error) => process.stderr.write(`${String(error)}\n`),
});
process.once('SIGTERM', () => worker.shutdown());
process.once('SIGINT', () => worker.shutdown());
const running = worker.run();
process.stdout.write('"resume worker ready"\n');
await running;
await close();
