import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { startApi } from '../main.ts';
import type { Counts } from '../ports.ts';
import type { FromThread } from './large-body-worker.ts';

/** The program of the thread that `api/large-body/large-body-worker.ts` starts: an api like any other, whose owner counts for it. */

const BEHIND_THE_OTHERS = 10;

// On Linux the calling thread's own priority (setpriority(2), "C library/kernel differences"): small bodies go first on few cores.
if (process.platform === 'linux') setPriority(BEHIND_THE_OTHERS);

const tell = (message: FromThread) => parentPort?.postMessage(message);
const counted =
  (count: keyof Counts) =>
  (...args: unknown[]) =>
    tell({ count, args });

const api = await startApi(workerData as NodeJS.ProcessEnv, {
  counts: { opened: counted('opened'), decided: counted('decided'), answered: counted('answered') },
});
parentPort?.once('message', () => void api.stop().finally(() => process.exit()));
tell({ port: api.port });
