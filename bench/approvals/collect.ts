/** Loaded into every thread of the measured worker: SIGUSR2 runs a garbage collection in all of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const channel = new BroadcastChannel('letsping-bench-collect');
channel.onmessage = () => collect();
channel.unref();
if (isMainThread)
  process.on('SIGUSR2', () => {
    collect();
    channel.postMessage(null);
  });
