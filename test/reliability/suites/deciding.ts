import { preload } from '../../faults/program.ts';
import { createRig } from '../../faults/rig.ts';
import { started } from '../../helpers/started.ts';
import { decide, detail, judged, openHeld, POLICY, pause, percentile, pooled, resolved, type Suite } from '../suite.ts';

const say = (status: number) => [200, 201, 202, 409].includes(status);

/** Ten concurrent decisions on each request, through two channels. */
export const races: Suite = {
  name: 'decision races',
  promises: ['one resolution'],
  async run({ form, rig: shared }, count) {
    const rig = await shared();
    const people = await Promise.all(Array.from({ length: 8 }, (_, at) => rig.key(`racer-${at}`, 'approver')));
    const rounds = form === 'whole' ? 1_000 : 30;
    const ids: string[] = [];
    let internal = 0;
    await pooled(Array.from({ length: rounds }), 6, async (_, at) => {
      const { id, payload_digest } = await openHeld(rig);
      ids.push(id);
      if (at % 2 === 0) await started(rig.temporal, id); // the others race its start as well
      const workflow = rig.temporal.workflow.getHandle(`approval/${id}`);
      const [answers] = await Promise.all([
        Promise.all(
          people.map((key, at) =>
            decide(
              rig,
              id,
              at % 2 ? { type: 'approve', payload_digest } : { type: 'reject', reason: `no ${at}`, payload_digest },
              key,
            ),
          ),
        ),
        ...['approve', 'reject'].map((type) =>
          workflow.signal('decide', { type, actor: `bot-${type}`, payload_digest }).catch(() => {}),
        ),
      ]);
      const end = await resolved(rig, id);
      const winners = answers.filter(({ status }) => status === 201);
      internal += answers.filter(({ status }) => status >= 500).length;
      const answered = [
        ...winners.map(({ body }) => body),
        ...answers.flatMap(({ status, body }) => (status === 409 && body.standing ? [body.standing] : [])),
      ];
      const isOne =
        winners.length <= 1 &&
        answers.every(({ status }) => say(status)) &&
        answered.every(
          ({ outcome, decision_id }) =>
            outcome.status === end?.outcome.status && (decision_id ?? null) === (end.decision.decision_id ?? null),
        );
      if (isOne) count.pass(10);
      else
        count.fail(
          `${id}: ${answers.map(({ status }) => status).join(' ')}, ${new Set(answered.map(({ decision_id }) => decision_id)).size} resolutions answered, ledger ${end?.status ?? 'pending'}`,
        );
    });
    await judged(rig, count, { ids });
    count.note(`${rounds} requests, eight people by Update and two bots by Signal each; ${internal} answers of 5xx`);
  },
};

/** The timer at T, decisions at T ± 50 ms. */
export const deadlines: Suite = {
  name: 'deadline against decision',
  promises: ['deadline', 'one resolution'],
  async run({ form, random, rig: shared }, count) {
    const rig = await shared();
    const late: number[] = [];
    const ids: string[] = [];
    let approved = 0;
    // How long before T a decision must be sent to arrive at T; determined by trial, so that either may win.
    let leadMs = 100;
    await pooled(Array.from({ length: form === 'whole' ? 1_000 : 24 }), 12, async () => {
      const { id, payload_digest, expires_at } = await openHeld(rig, { expires_in_ms: 2_000 });
      ids.push(id);
      await pause(Date.parse(expires_at) - Date.now() - leadMs + (random() - 0.5) * 100);
      const answer = await decide(rig, id, { type: 'approve', payload_digest });
      const end = await resolved(rig, id);
      leadMs = Math.max(0, Math.min(1_500, leadMs + (end?.status === 'approved' ? -25 : 25)));
      if (end?.status === 'approved') approved += 1;
      else late.push(Date.parse(end?.resolved_at) - Date.parse(expires_at));
      const isTold =
        answer.status === 201 || answer.status === 200
          ? end?.status === 'approved'
          : answer.status === 202 || (answer.status === 409 && end?.outcome.cause === 'deadline');
      count.check(
        isTold && end !== undefined,
        () => `${id}: answered ${answer.status}, ledger ${end?.status ?? 'pending'}`,
      );
    });
    await judged(rig, count, { ids });
    count.note(
      `${approved} decided in time, ${late.length} expired; late p50 ${percentile(late, 0.5)} ms, p95 ${percentile(late, 0.95)} ms, worst ${percentile(late, 1)} ms`,
    );
    count.check(percentile(late, 1) <= 10_000, () => `a deadline fired ${percentile(late, 1)} ms late`);
  },
};

const TEN_MINUTES = 600_000;

export const clocks: Suite = {
  name: 'clocks ten minutes apart',
  promises: ['deadline'],
  async run({ form, say: tell }, count) {
    const rig = await createRig({
      policy: POLICY,
      say: tell,
      start: false,
      api: { imports: [preload('clock.mjs')] },
      worker: { imports: [preload('clock.mjs')] },
    });
    try {
      for (const sign of form === 'whole' ? [1, -1] : [1]) {
        await Promise.all([
          rig.api.start({ CLOCK_SHIFT_MS: String((sign * TEN_MINUTES) / 2) }),
          rig.worker.start({ CLOCK_SHIFT_MS: String((-sign * TEN_MINUTES) / 2) }),
        ]);
        await pooled(Array.from({ length: form === 'whole' ? 20 : 6 }), 6, async (_, at) => {
          const expires_in_ms = at % 2 ? 30_000 : 3_000;
          const { id, payload_digest, expires_at } = await openHeld(rig, { expires_in_ms });
          const off = Date.parse(expires_at) - expires_in_ms - Date.now();
          if (at % 2) await decide(rig, id, { type: 'approve', payload_digest });
          const end = await resolved(rig, id);
          const late = Date.parse(end?.resolved_at) - Date.parse(expires_at);
          count.check(
            Math.abs(off) < 3_000 &&
              (at % 2 ? end?.status === 'approved' : end?.status === 'expired' && late >= 0 && late < 10_000),
            () => `${id}: ${end?.status ?? 'pending'}, opened ${off} ms off, ${late} ms after its deadline`,
          );
        });
        await Promise.all([rig.api.stop(), rig.worker.stop()]);
      }
      await rig.api.start({ CLOCK_SHIFT_MS: '0' });
      await rig.worker.start({ CLOCK_SHIFT_MS: '0' });
      await judged(rig, count);
    } finally {
      await rig.stop();
    }
  },
};

export const noWorker: Suite = {
  name: 'no worker alive',
  promises: ['not lost', 'one resolution'],
  async run({ form, rig: shared }, count) {
    const rig = await shared();
    const second = await rig.key('second', 'approver');
    await rig.kill('worker');
    const opened = await Promise.all(Array.from({ length: form === 'whole' ? 20 : 4 }, () => openHeld(rig)));
    await pooled(opened, 10, async ({ id, payload_digest }) => {
      const answers = await Promise.all([
        decide(rig, id, { type: 'approve', payload_digest }),
        decide(rig, id, { type: 'reject', reason: 'no', payload_digest }, second),
      ]);
      count.check(
        answers.every(({ status }) => status === 202),
        () => `${id}: answered ${answers.map(({ status }) => status)} without a worker`,
      );
      count.check((await detail(rig, id)).status === 'pending', () => `${id}: decided without a worker`);
    });
    const cancelled = await openHeld(rig);
    const answer = await rig.call(rig.agent_api_key, 'POST', `/api/approval-requests/${cancelled.id}/cancel`, {});
    count.check(answer.status === 202, () => `a cancellation was answered ${answer.status} without a worker`);
    await rig.restore('worker');
    const from = Date.now();
    const end = await resolved(rig, cancelled.id);
    count.check(end?.status === 'cancelled', () => `${cancelled.id}: cancelled, but then ${end?.status ?? 'pending'}`);
    for (const { id } of opened)
      count.check((await resolved(rig, id)) !== undefined, () => `${id}: recorded, but never decided`);
    count.note(`all decided ${((Date.now() - from) / 1000).toFixed(1)} s after the worker came`);
    await judged(rig, count, { ids: [cancelled, ...opened].map(({ id }) => id) });
  },
};

/** PostgreSQL itself answers "no space left" (53100) when the ledger is written. */
export const diskFull: Suite = {
  name: 'disk full',
  promises: ['receipt'],
  async run({ rig: shared }, count) {
    const rig = await shared();
    await rig.sql(`create or replace function no_space() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`);
    const opened = await Promise.all(Array.from({ length: 4 }, () => openHeld(rig)));
    await rig.sql('create trigger no_space before insert on ledger for each row execute function no_space()');
    try {
      const answers = await Promise.all(
        opened.map(({ id, payload_digest }) => decide(rig, id, { type: 'approve', payload_digest })),
      );
      for (const [at, { id }] of opened.entries()) {
        count.check(
          [202, 503].includes(answers[at]!.status),
          () => `${id}: answered ${answers[at]!.status} although nothing can be written`,
        );
        count.check((await detail(rig, id)).status === 'pending', () => `${id}: shown as decided`);
      }
      const allowed = await rig.call(rig.agent_api_key, 'POST', '/api/ingest', {
        service: 'auto',
        action: 'read',
        payload: { page: 1 },
      });
      count.check(
        allowed.status === 503,
        () => `an allowed action without a ledger row was answered ${allowed.status}`,
      );
    } finally {
      await rig.sql('drop trigger no_space on ledger');
    }
    for (const { id } of opened)
      count.check((await resolved(rig, id))?.status === 'approved', () => `${id}: not decided once there was space`);
    await judged(rig, count, { ids: opened.map(({ id }) => id) });
  },
};
