/** The deployed worker as a child of the bench; NODE_OPTIONS loads `collect.ts` into it. */
import { runWorker } from '../../workers/main.ts';

console.log('ready');
await runWorker(process.env);
