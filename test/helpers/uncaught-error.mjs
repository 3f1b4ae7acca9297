// Preloaded with --import: SIGUSR2 makes a timer throw, or a promise reject, as a bug in the program would.
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('SIGUSR2', () => {
    const error = new TypeError(`a bug that quotes ${process.env.SECRET}\n    at ${process.env.SECRET}:1:1`);
    if (process.env.UNCAUGHT === 'rejection') void Promise.reject(error);
    else
      setTimeout(() => {
        throw error;
      }, 0);
  });
