import { parentPort } from 'node:worker_threads';
import { type Job, type JobAnswer, READY } from './job.ts';

/** The loop of a thread that may be ended at any moment: it answers one job after the other, and keeps nothing that counts. */
export function answerJobs(answer: (...input: readonly string[]) => string): void {
  parentPort?.on('message', ({ id, input }: Job) => {
    let answered: JobAnswer;
    try {
      answered = { id, output: answer(...input) };
    } catch {
      answered = { id, failed: true };
    }
    parentPort?.postMessage(answered);
  });
  parentPort?.postMessage(READY);
}
