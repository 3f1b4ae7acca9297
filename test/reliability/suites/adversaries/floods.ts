import { approvalWorkflowId } from '../../../../contracts/workflow.ts';
import { JUNK, json, sendSignal } from '../../../faults/junk.ts';
import { started } from '../../../helpers/started.ts';
import { decide, type Opened, pause, percentile, pooled } from '../../suite.ts';
import type { Attempts } from './attempts.ts';
import type { Attacked } from './buggy-bot.ts';

/** The server takes 10,000 Signals per run, of all names together. */
const FLOOD = 10_000;
const SHORT_FLOOD = 300;
const IN_FLIGHT = 40;

/** Decisions of other requests while one is flooded, on two cores that everything shares. */
const OTHERS_MS = { whole: 1_000, short: 3_000 };
const SMALL = ['encrypted', 'protobuf', 'bad JSON', 'no encoding', 'no metadata', 'no input', 'wrong types'];

/** Signals as fast as they are taken: junk, and well-formed decisions without a row, under every name. */
async function flood(on: Attempts, { id, payload_digest }: Opened, size: number): Promise<void> {
  const names = ['decide', 'decide_recorded', 'cancel_recorded', 'approve'];
  await pooled(Array.from({ length: size }), IN_FLIGHT, async (_, at) => {
    const forged = [json({ decision_id: `dec_flood_${at}`, type: 'approve', actor: 'ceo', payload_digest })];
    const payloads = at % 3 === 0 ? forged : JUNK[SMALL[at % SMALL.length]!];
    await sendSignal(on.rig.temporal, approvalWorkflowId(id), names[at % names.length]!, payloads).catch(() => {});
  });
  on.tried('flood', size);
}

/**
 * Floods three requests. Of the first a person decides after it, the second expires, and of the third a person decides in the middle.
 * Other requests are decided meanwhile.
 */
export async function floods(on: Attempts, isWhole: boolean, isWorkerAlive: boolean): Promise<Attacked> {
  const { rig, count } = on;
  const size = isWhole ? FLOOD : SHORT_FLOOD;
  const first = await on.held();
  const second = await on.held({ expires_in_ms: isWhole ? 60_000 : 10_000 });
  const third = await on.held();
  for (const { id } of [first, second, third]) await started(rig.temporal, id);

  let isOver = false;
  const flooding = (async () => {
    await Promise.all([flood(on, second, size / 4), flood(on, third, size / 4)]);
    await flood(on, first, size);
  })().finally(() => {
    isOver = true;
  });
  const times: number[] = [];
  const others = (async () => {
    while (isWorkerAlive && !isOver) {
      const { id, payload_digest } = await on.held();
      const from = Date.now();
      const answer = await decide(rig, id, { type: 'approve', payload_digest });
      times.push(Date.now() - from);
      count.check(answer.status === 201, () => `a flood: another request was answered ${answer.status} (${id})`);
      await pause(200);
    }
  })();
  const inTheMiddle = (async () => {
    await pause(isWhole ? 10_000 : 500);
    const from = Date.now();
    const { status, text } = await decide(rig, third.id, { type: 'approve', payload_digest: third.payload_digest });
    const ms = Date.now() - from;
    count.check(
      [201, 202, 503].includes(status) && ms <= 15_000,
      () => `in the middle of a flood a decision was answered ${status} after ${ms} ms: ${text.slice(0, 200)}`,
    );
    count.note(
      `in the middle of a flood (${isWorkerAlive ? 'a' : 'no'} worker lives) a decision was answered ${status}`,
    );
  })();
  await Promise.all([flooding, others, inTheMiddle]);
  if (isWorkerAlive) {
    const p95 = percentile(times, 0.95);
    count.check(
      p95 <= (isWhole ? OTHERS_MS.whole : OTHERS_MS.short),
      () => `during a flood of ${size}, other requests were decided after ${p95} ms (p95 of ${times.length})`,
    );
    count.note(`other requests during a flood: p95 ${p95} ms of ${times.length}`);
  }
  return { honest: [first], expiring: [second], decided: [third] };
}
