import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { startApi } from '../main.ts';
import type { Counts } from '../ports.ts';
import type { ThreadMessage } from './large-body-worker.ts';

/** The program of the thread that `large-body-worker.ts` starts: the api, with its counts sent to the thread that started it. */

const LOWER_PRIORITY = 10;

// On Linux this sets the priority of the calling thread alone (setpriority(2), "C library/kernel differences"), so that small
// bodies go first on few cores.
if (process.platform === 'linux') setPriority(LOWER_PRIORITY);

const post = (message: ThreadMessage) => parentPort?.postMessage(message);
const counted =
  (count: keyof Counts) =>
  (...args: unknown[]) =>
    post({ count, args });

const env = { ...(workerData as NodeJS.ProcessEnv) };
// The main thread has counted every request that it forwards.
for (const limit of [
  'REQUESTS_PER_KEY',
  'REQUESTS_PER_PROJECT',
  'FAILED_SIGN_INS_PER_ADDRESS',
  'FAILED_SIGN_INS_PER_KEY',
])
  env[`LETSPING_LIMIT_${limit}`] = 'off';

const api = await startApi(env, {
  forwardToken: process.argv[2],
  counts: {
    opened: counted('opened'),
    decided: counted('decided'),
    answered: counted('answered'),
    refused: counted('refused'),
    limited: counted('limited'),
  },
});
parentPort?.once('message', () => void api.stop().finally(() => process.exit()));
post({ port: api.port });
