import { approvalWorkflowId } from '../../../../contracts/workflow.ts';
import type { ForeignWorker } from '../../../faults/foreign-worker.ts';
import { started } from '../../../helpers/started.ts';
import { decide, type Opened, pause, resolved } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

/** A deadline is enforced within this time of it, whatever became of the workflow. */
const ENFORCED_MS = 45_000;
/** Five failed tasks in a row take half a minute, and the watcher looks each 10 s. */
const QUARANTINED_MS = 120_000;

const terminate = (on: Attempts, { id }: Opened) =>
  on.rig.temporal.workflow
    .getHandle(approvalWorkflowId(id))
    .terminate('mallory')
    .catch(() => {});

/**
 * What the watcher of a worker does without Temporal's help: the Schedules are deleted, workflows are terminated or cannot be replayed.
 * `rounds`: how often one run is spoiled; the second time its request is cancelled.
 */
export async function watched(on: Attempts, worker: ForeignWorker, rounds: 1 | 2): Promise<void> {
  const { rig } = on;
  const schedules = rig.temporal.schedule;
  for await (const { scheduleId } of schedules.list()) await schedules.getHandle(scheduleId).delete();
  on.tried('deleted the Schedules');

  const soon = { expires_in_ms: 15_000 };
  const [expires, recorded, late, spoiled] = [
    await on.held(soon),
    await on.held({ expires_in_ms: 600_000 }),
    await on.held({ expires_in_ms: 20_000 }),
    await on.held({ expires_in_ms: 600_000 }),
  ];
  for (const { id } of [expires, recorded, late, spoiled]) await started(rig.temporal, id);
  await terminate(on, expires);
  on.tried('terminated, and nobody decides');

  // Recorded while no worker lives; then the workflow is terminated, and the message with it.
  await rig.kill('worker');
  for (const target of [recorded, late]) {
    const answer = await decide(rig, target.id, { type: 'approve', payload_digest: target.payload_digest });
    on.count.check(answer.status === 202, () => `without a worker: answered ${answer.status} (${target.id})`);
    await terminate(on, target);
    on.tried('terminated after a decision was recorded');
  }
  await spoil(on, worker, spoiled);
  await pause(Math.max(0, Date.parse(late.expires_at) - Date.now() + 500)); // it is settled after its deadline
  await rig.restore('worker');

  await Promise.all([
    enforced(on, expires, 'expired', []),
    enforced(on, late, 'approved', ['dev-approver']),
    (async () => {
      await on.settled('terminated after a decision was recorded', recorded, 'approved');
      await on.receipt('terminated after a decision was recorded', recorded, 'approved', ['dev-approver']);
      await on.alarmed('terminated after a decision was recorded', recorded, 'workflow_ended');
    })(),
    quarantined(on, spoiled),
  ]);
  if (rounds === 2) await quarantinedAgain(on, worker);
}

async function enforced(on: Attempts, target: Opened, outcome: string, people: string[]): Promise<void> {
  const what = `a deadline without Temporal, ${outcome}`;
  const end = Date.parse(target.expires_at) + ENFORCED_MS;
  const resolution = await resolved(on.rig, target.id, end - Date.now());
  on.count.check(
    resolution?.status === outcome,
    () => `${what}: ${resolution?.status ?? 'pending'} 45 s after the deadline (${target.id})`,
  );
  await on.receipt(what, target, outcome, people);
  await on.alarmed(what, target, 'deadline_enforced');
}

/** A task of this run is taken from the queue and answered with what our code does not do, so no worker can replay it. */
async function spoil(on: Attempts, worker: ForeignWorker, target: Opened): Promise<void> {
  await on.rig.temporal.workflow.getHandle(approvalWorkflowId(target.id)).signal('decide', 'wake up');
  const isSpoiled = await worker.spoil('rig', approvalWorkflowId(target.id), 20_000);
  on.tried('spoiled history');
  on.count.check(isSpoiled, () => `no workflow task of ${target.id} came`);
}

/** The decision on it is recorded, and counts when the run was terminated and started again. */
async function quarantined(on: Attempts, target: Opened): Promise<void> {
  const answer = await decide(on.rig, target.id, { type: 'approve', payload_digest: target.payload_digest });
  on.count.check([202, 503].includes(answer.status), () => `a spoiled run: answered ${answer.status} (${target.id})`);
  await on.alarmedWithin(QUARANTINED_MS, 'a spoiled run', target, 'quarantined');
  await on.settled('a spoiled run, started again', target, 'approved');
  await on.receipt('a spoiled run, started again', target, 'approved', ['dev-approver']);
}

/** Spoiled again after its new start: the request is cancelled, because the same would happen again. */
async function quarantinedAgain(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held({ expires_in_ms: 900_000 });
  await started(on.rig.temporal, target.id);
  for (const round of [1, 2]) {
    await on.rig.kill('worker');
    await spoil(on, worker, target);
    await on.rig.restore('worker');
    if (round === 1) {
      await on.alarmedWithin(QUARANTINED_MS, 'spoiled once', target, 'quarantined');
      await on.pending('spoiled once', target);
      await pause(3_000);
    }
  }
  const end = await resolved(on.rig, target.id, QUARANTINED_MS);
  on.count.check(end?.status === 'cancelled', () => `spoiled twice: ${end?.status ?? 'pending'} (${target.id})`);
  await on.receipt('spoiled twice', target, 'cancelled', []);
}
