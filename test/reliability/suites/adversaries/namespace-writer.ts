import { foreignWorker } from '../../../faults/foreign-worker.ts';
import type { Suite } from '../../suite.ts';
import { Attempts, adversaryRig, attacked } from './attempts.ts';
import { endedWorkflows } from './ended-workflows.ts';
import { foreignActivities, forgedMessages } from './forged-messages.ts';
import { forgedStarts } from './forged-starts.ts';
import { liedOutcomes } from './lied-outcomes.ts';
import { earlyTimer, timing } from './timing.ts';
import { watched } from './watched.ts';

/**
 * Has the Temporal namespace: own workers and workflows, our activities on our task queue, every message, start, termination and
 * reset. Has no database and no key.
 */
export const namespaceWriterProgram: Suite = {
  name: 'adversaries: namespace writer',
  isSeeded: true,
  promises: ['one resolution', 'approved bytes', 'deadline', 'receipt'],
  async run({ form, random, say, cell }, count) {
    const rig = await adversaryRig(say);
    const worker = await foreignWorker(rig.temporal_address, rig.env['TEMPORAL_NAMESPACE']!);
    const on = new Attempts(rig, count);
    const isWhole = form === 'whole';
    try {
      const steps: Record<string, () => Promise<void>> = {
        'lied outcomes': () => liedOutcomes(on, worker, random, isWhole ? 1 : 0.25),
        'forged starts': () => forgedStarts(on, worker, isWhole ? 3 : 1),
        'forged messages': () => forgedMessages(on, isWhole ? 3 : 1),
        'foreign activities': () => foreignActivities(on, worker),
        'ended workflows': () => endedWorkflows(on, worker),
        times: () => timing(on),
        'the watcher': () => watched(on, worker, isWhole ? 2 : 1),
        ...(isWhole && { 'a timer that is early': () => earlyTimer(on) }),
      };
      await attacked(on, steps, say, cell);
      await on.judged();
      count.note(`${on.summary()}; no outcome without its rows, receipts name only those who decided through the api`);
    } finally {
      await worker.stop();
      await rig.stop();
    }
  },
};
