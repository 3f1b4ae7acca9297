import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Form, percentile } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

const PROBE = new URL('../../../faults/livez-probe.mjs', import.meta.url);
/** What the whole form asserts. In the short form other tests share the machine, so it asserts that each call is answered. */
const PROMPT_MS = 100;
/** Of the calls: a pause of the machine is not the attacker's. */
const SHARE = 0.99;

/** Runs an attack and asks `/livez` meanwhile: the api's thread is never kept busy. Prints the times. */
export async function livezDuring({ rig, count }: Attempts, form: Form, attack: () => Promise<void>): Promise<void> {
  const probe = new Worker(PROBE, { workerData: { url: rig.url } });
  await once(probe, 'online');
  try {
    await attack();
  } finally {
    probe.postMessage('end');
    const [times] = (await once(probe, 'message')) as [number[]];
    const unanswered = times.filter((ms) => ms === Number.POSITIVE_INFINITY).length;
    const [p99, worst] = [percentile(times, SHARE), percentile(times, 1)];
    count.check(unanswered === 0, () => `${unanswered} of ${times.length} calls of /livez were not answered`);
    if (form === 'whole')
      count.check(
        p99 <= PROMPT_MS,
        () => `/livez was answered in ${p99.toFixed(0)} ms (p99), at most ${worst.toFixed(0)} ms`,
      );
    count.note(
      `/livez ${times.length} times meanwhile: p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${p99.toFixed(0)}, at most ${worst.toFixed(0)} ms`,
    );
  }
}
