/** The worker as it is deployed, as a child of the bench: `collect.ts` is loaded into it by NODE_OPTIONS. */
import { runWorker } from '../../workers/main.ts';

console.log('ready');
await runWorker(process.env);
