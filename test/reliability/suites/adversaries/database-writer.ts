import { foreignWorker } from '../../../faults/foreign-worker.ts';
import type { Suite } from '../../suite.ts';
import { broughtBackKeys, forgedKeys, forgedPolicies, forgedSignIns } from './access-rows.ts';
import { Attempts, adversaryRig, attacked } from './attempts.ts';
import {
  forgedDecisions,
  forgedExecutions,
  forgedLedger,
  movedRows,
  turnedScreenings,
  unsettledRows,
} from './forged-rows.ts';
import { deletedRows, requestRows } from './request-rows.ts';

/**
 * Writes every table, as the application's login and as the owner without triggers, and to the Temporal namespace. Has no root key.
 * Nothing counts that the product did not write.
 */
export const databaseWriterProgram: Suite = {
  name: 'adversaries: database writer',
  isSeeded: true,
  promises: ['one resolution', 'approved bytes', 'receipt', 'sealed', 'separate projects'],
  async run({ form, random, say, cell }, count) {
    const rig = await adversaryRig(say);
    const worker = await foreignWorker(rig.temporal_address, rig.env['TEMPORAL_NAMESPACE']!);
    const on = new Attempts(rig, count);
    const isWhole = form === 'whole';
    const most = (whole: number, short: number) => (isWhole ? whole : short);
    try {
      const steps: Record<string, () => Promise<void>> = {
        keys: () => forgedKeys(on, random, most(200, 10)),
        'older keys': () => broughtBackKeys(on),
        'sign-ins': () => forgedSignIns(on, random, most(100, 6)),
        policies: () => forgedPolicies(on, random, most(60, 5)),
        ledger: () => forgedLedger(on),
        decisions: () => forgedDecisions(on),
        executions: () => forgedExecutions(on),
        screenings: () => turnedScreenings(on),
        'moved rows': () => movedRows(on),
        'unsettled rows': () => unsettledRows(on, worker, random, most(80, 12)),
        'request rows': () => requestRows(on, random, most(1_000, 40)),
        'deleted rows': () => deletedRows(on),
      };
      await attacked(on, steps, say, cell);
      count.note(
        `${on.summary()}; nothing counted that the product did not write, deleting denied and granted nothing`,
      );
    } finally {
      await worker.stop();
      await rig.stop();
    }
  },
};
